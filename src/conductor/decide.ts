import { templateIdOf } from '../engines/registry.ts';
import type { ManifestLine } from '../records/manifest.ts';
import type { LedgerHint, OtherFolder } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { subjectKey } from '../util/subject-id.ts';
import { templateKey } from '../util/template-id.ts';

/**
 * What becomes of a photo before any call. Follows from the lines of the list alone, in order, so that a resumed run
 * decides the same; what the ledger knows (`known`) goes with it into the queue.
 */
export type Decision =
  /** It is to be called. */
  | ({ readonly kind: 'feed' } & FromLedger)
  /** It is to be called once the photo of that seq, an earlier one of the same subject, has its line. */
  | ({ readonly kind: 'feed-after'; readonly seq: number } & FromLedger)
  /** It needs no call. */
  | { readonly kind: 'settle'; readonly outcome: Omit<Outcome, 'finishedAt'> };

interface FromLedger {
  readonly known?: LedgerHint;
  readonly otherFolder?: OtherFolder;
}

export interface DecideOptions {
  /**
   * What a subject that comes again means: two names that give one id, of which the first is kept whatever `repeat` says,
   * or several photos of one person.
   */
  readonly sameSubject: 'collision' | 'repeat';
  readonly repeat: 'first' | 'last' | 'each';
  /** The template id of a subject whose row names none; absent where no row can name one. */
  readonly templateIdFor?: ((subjectId: string) => string) | undefined;
  /**
   * Derives template ids only once a line needs it (`needsTemplates`). Decides the same, and spares a list that names no
   * template ids 17 µs and 19 bytes a row.
   */
  readonly derivesLate?: boolean;
}

export interface Decider {
  /** Whether every line must be shown to `foresee` before the first is decided. */
  readonly foresees: boolean;
  decide(line: ManifestLine): Decision;
  foresee(line: ManifestLine): void;
  /** Whether template ids must be derived before this line is decided, since its own may be another subject's. */
  needsTemplates(line: ManifestLine): boolean;
  /** From here on. All lines that were decided before must then be shown to `recall`, in order. */
  deriveTemplates(): void;
  recall(line: ManifestLine): void;
}

export function createDecider({
  sameSubject,
  repeat,
  templateIdFor,
  derivesLate = false,
}: DecideOptions): Decider {
  const keepsLast = sameSubject === 'repeat' && repeat === 'last';
  const subjects = createSubjectIndex({ keepsLatest: sameSubject === 'repeat' && repeat !== 'first' });
  const templates = createSubjectIndex({ keepsLatest: false });
  let derives = !derivesLate || templateIdFor === undefined;

  function decideRepeat(line: ManifestLine, known: SeqsOfText | undefined): Decision {
    if (sameSubject === 'collision') {
      return known ? collision(`photo ${known.first} of the list has the same subject id`) : feed;
    }
    if (repeat === 'last') return known?.latest === line.seq ? feed : repeated;
    if (!known) return feed;
    return repeat === 'first' ? repeated : { kind: 'feed-after', seq: known.latest };
  }

  /**
   * Two subjects with one template id would overwrite each other at the engine, also where one of them only follows
   * from its subject.
   */
  function decideTemplate(
    line: ManifestLine & { readonly subjectId: string },
    root: number,
  ): Decision | undefined {
    const templateId = line.templateId ?? (derives ? templateIdFor?.(line.subjectId) : undefined);
    if (templateId === undefined) return undefined;
    const key = templateKey(templateId);
    const owner = templates.get(key)?.first;
    if (owner === undefined) templates.enter(key, root);
    return owner === undefined || owner === root
      ? undefined
      : collision(`photo ${owner} of the list has the same template id for another subject`);
  }

  return {
    foresees: keepsLast,
    foresee(line) {
      if (isPhoto(line)) subjects.enter(subjectKey(line.subjectId), line.seq);
    },
    decide(line) {
      if (!isPhoto(line)) return failed('manifest', line.problem ?? 'the row names no subject or no photo');
      const subject = subjectKey(line.subjectId);
      const known = subjects.get(subject);
      if (!known) subjects.enter(subject, line.seq);
      const decision = decideRepeat(line, known);
      if (decision.kind === 'settle') return decision;
      const clash = decideTemplate(line, known?.first ?? line.seq);
      if (clash) return clash;
      if (decision.kind === 'feed-after') subjects.enter(subject, line.seq);
      return decision;
    },
    needsTemplates: (line) => !derives && mayShareTemplate(line),
    deriveTemplates() {
      derives = true;
    },
    recall(line) {
      if (!isPhoto(line)) return;
      const { first, latest } = subjects.get(subjectKey(line.subjectId)) ?? {};
      // Where one photo of a subject is enrolled, the template became its subject's with that one.
      if (first !== undefined && line.seq === (keepsLast ? latest : first)) decideTemplate(line, first);
    },
  };
}

/**
 * Template ids that follow from two subjects are two: a UUID of its own for each, or the subject's id itself. But of a
 * UUID the case means nothing, and a row, or the ledger for an id with blanks around it, may name any.
 */
function mayShareTemplate({ subjectId, writtenId, templateId }: ManifestLine): boolean {
  if (templateId !== undefined || writtenId !== undefined) return true;
  return subjectId !== undefined && templateKey(subjectId) !== subjectKey(subjectId);
}

/** For `templateIdFor`: only a source whose subjects may come again is a manifest, which can name template ids. */
export function templateIdsOf(
  engine: string,
  { sameSubject }: Pick<DecideOptions, 'sameSubject'>,
): DecideOptions['templateIdFor'] {
  return sameSubject === 'repeat' ? (subjectId) => templateIdOf({ engine, subjectId }) : undefined;
}

const isPhoto = (line: ManifestLine): line is ManifestLine & { subjectId: string; photo: string } =>
  line.problem === undefined && line.subjectId !== undefined && line.photo !== undefined;

const feed: Decision = { kind: 'feed' };
const repeated: Decision = { kind: 'settle', outcome: { status: 'skipped', reason: 'repeated' } };

const collision = (message: string): Decision =>
  failed('collision', `${message}; neither overwrites the other`);

function failed(kind: 'manifest' | 'collision', message: string): Decision {
  return {
    kind: 'settle',
    outcome: { status: 'failed', stored: 'no', attempts: 0, error: { kind, message } },
  };
}

/**
 * Remembers the first seq for each text of a long list, in 17 to 19 bytes a text, or with `keepsLatest` also the latest, in
 * 22 to 24.
 */
export interface SubjectIndex {
  /** Without `keepsLatest` the latest is the first. */
  get(text: string): SeqsOfText | undefined;
  /** The latest seq of the text; if it was not known, its first too. Seqs count from 1. */
  enter(text: string, seq: number): void;
  readonly sizeInBytes: number;
}

export interface SeqsOfText {
  readonly first: number;
  readonly latest: number;
}

export function createSubjectIndex({ keepsLatest }: { keepsLatest: boolean }): SubjectIndex {
  const index = createHashIndex({ valueWords: keepsLatest ? 2 : 1 });
  return {
    get(text) {
      const [first = 0, latest = first] = index.find(text) ?? [];
      return first === 0 ? undefined : { first, latest };
    },
    enter(text, seq) {
      const seqs = index.enter(text);
      if (seqs[0] === 0) seqs[0] = seq;
      if (keepsLatest) seqs[1] = seq;
    },
    get sizeInBytes() {
      return index.sizeInBytes;
    },
  };
}
