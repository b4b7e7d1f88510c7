import type { ManifestLine } from '../records/manifest.ts';
import { createDecider, type DecideOptions, type Decision } from './decide.ts';
import type { ForgottenPhotos } from './forgotten-photos.ts';
import type { LedgerLookup } from './ledger-lookup.ts';

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
    /** The list from its beginning, in batches; called once more where it has to be known before the first decision. */
    list: () => AsyncIterable<readonly Photo[]>;
    forgotten: ForgottenPhotos;
    /** Of an incremental run; called once the list is known as far as it has to be. */
    openLedgerLookup?: (() => Promise<LedgerLookup>) | undefined;
    /** Whether a photo has its line already. Default: none has. */
    hasLine?: (seq: number) => boolean;
  },
): AsyncGenerator<Iterable<DecidedPhoto<Photo>>> {
  const { list, forgotten, openLedgerLookup, hasLine = () => false } = options;
  const decider = createDecider(options);
  if (decider.foresees) {
    for await (const batch of list()) for (const { line } of batch) decider.foresee(line);
  }
  const lookUp = await openLedgerLookup?.();

  function decide(line: ManifestLine): DecidedPhoto<Photo>['decision'] {
    const decision = decider.decide(line);
    if (hasLine(line.seq)) return { kind: 'skip' };
    const outcome = forgotten.outcomeOf(line);
    if (outcome) return { kind: 'settle', outcome };
    return lookUp?.(line, decision) ?? decision;
  }
  function* decideAll(batch: readonly Photo[]): Generator<DecidedPhoto<Photo>> {
    for (const photo of batch) yield { photo, decision: decide(photo.line) };
  }

  for await (const batch of list()) {
    await forgotten.lookAgain();
    yield decideAll(batch);
  }
}
