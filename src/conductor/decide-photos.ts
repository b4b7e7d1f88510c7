import type { ManifestLine } from '../records/manifest.ts';
import { createDecider, type DecideOptions, type Decision } from './decide.ts';
import type { ForgottenPhotos } from './forgotten-photos.ts';
import type { LedgerLookup } from './ledger-lookup.ts';

/** The template id that a subject has kept, if it is not the one that follows from it. */
type KeptTemplates = (subjectId: string) => string | undefined;

export interface DecidedPhoto<Photo> {
  readonly photo: Photo;
  /** `skip`: it has its line already. */
  readonly decision: Decision | { readonly kind: 'skip' };
}

/**
 * What becomes of each photo of a list before any call: the one place where that is decided, for a run that queues its
 * photos, for the sample of those that are looked for again, and for a dry run. Of a batch the photos are decided one by
 * one, as they are asked for.
 */
export async function* decidePhotos<Photo extends { readonly line: ManifestLine }>(
  options: DecideOptions & {
    /**
     * The list from its beginning, in batches; called once more where it has to be known before the first decision, and
     * with `derivesLate` where a row names a template id.
     */
    list: () => AsyncIterable<readonly Photo[]>;
    forgotten: ForgottenPhotos;
    /** For lists with blanks around ids: which template a subject has kept; called once, at the first of them. */
    openKeptTemplates?: (() => Promise<KeptTemplates>) | undefined;
    /** Called once the list is known as far as it has to be. */
    openLedgerLookup?: (() => Promise<LedgerLookup>) | undefined;
    /** Whether a photo has its line already. Default: none has. */
    hasLine?: (seq: number) => boolean;
  },
): AsyncGenerator<Iterable<DecidedPhoto<Photo>>> {
  const { list, forgotten, openLedgerLookup, openKeptTemplates, hasLine = () => false } = options;
  const decider = createDecider(options);
  if (decider.foresees) {
    for await (const batch of list()) for (const { line } of batch) decider.foresee(line);
  }
  async function recallBefore(seq: number): Promise<void> {
    decider.deriveTemplates();
    for await (const batch of list())
      for (const { line } of batch) {
        if (line.seq >= seq) return;
        decider.recall(line);
      }
  }
  const lookUp = await openLedgerLookup?.();
  let keptTemplateOf: KeptTemplates | undefined;
  /** From the first id with blanks on, wherever a batch begins: a run that is resumed decides the same. */
  let hasBlanks = false;

  function decide(line: ManifestLine): DecidedPhoto<Photo>['decision'] {
    const decision = decider.decide(line);
    if (hasLine(line.seq)) return { kind: 'skip' };
    const outcome = forgotten.outcomeOf(line) ?? outcomeAsWritten(line);
    if (outcome) return { kind: 'settle', outcome };
    return lookUp?.decide(line, decision) ?? decision;
  }
  /** Of a subject that was forgotten when the blanks around its id were part of it. */
  function outcomeAsWritten({ writtenId: subjectId }: ManifestLine) {
    return subjectId === undefined ? undefined : forgotten.outcomeOf({ subjectId });
  }
  function withKeptTemplate(photo: Photo): Photo {
    const { subjectId, writtenId, templateId } = photo.line;
    hasBlanks ||= writtenId !== undefined;
    if (!hasBlanks || subjectId === undefined || templateId !== undefined) return photo;
    const kept = keptTemplateOf?.(subjectId);
    return kept === undefined ? photo : { ...photo, line: { ...photo.line, templateId: kept } };
  }
  function* decideAll(batch: readonly Photo[]): Generator<DecidedPhoto<Photo>> {
    for (const listed of batch) {
      const photo = withKeptTemplate(listed);
      yield { photo, decision: decide(photo.line) };
    }
  }

  try {
    for await (const batch of list()) {
      await forgotten.lookAgain();
      const [first] = batch;
      if (first && batch.some(({ line }) => decider.needsTemplates(line))) await recallBefore(first.line.seq);
      if (batch.some(({ line }) => line.writtenId !== undefined))
        keptTemplateOf ??= await openKeptTemplates?.();
      await lookUp?.prepare(batch.map(({ line }) => line).filter(({ seq }) => !hasLine(seq)));
      yield decideAll(batch);
    }
  } finally {
    await lookUp?.close();
  }
}
