import { templateIdOf } from '../engines/registry.ts';
import type { ManifestLine } from '../records/manifest.ts';
import type { LedgerHint, OtherFolder } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';
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
}

export interface Decider {
  /** Whether every line must be shown to `foresee` before the first is decided. */
  readonly foresees: boolean;
  decide(line: ManifestLine): Decision;
  foresee(line: ManifestLine): void;
}

export function createDecider({ sameSubject, repeat, templateIdFor }: DecideOptions): Decider {
  const subjects = createSubjectIndex();
  const templates = createSubjectIndex();

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
    const templateId = line.templateId ?? templateIdFor?.(line.subjectId);
    if (templateId === undefined) return undefined;
    const key = templateKey(templateId);
    const owner = templates.get(key)?.first;
    if (owner === undefined) templates.enter(key, root);
    return owner === undefined || owner === root
      ? undefined
      : collision(`photo ${owner} of the list has the same template id for another subject`);
  }

  return {
    foresees: sameSubject === 'repeat' && repeat === 'last',
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
  };
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
 * Remembers the first and the latest seq for each text of a long list, in 25 to 32 bytes a text: subjects and templates
 * together stay below 64 bytes a photo.
 */
export interface SubjectIndex {
  get(text: string): SeqsOfText | undefined;
  /** The latest seq of the text; if it was not known, its first too. Seqs count from 1. */
  enter(text: string, seq: number): void;
  readonly sizeInBytes: number;
}

export interface SeqsOfText {
  readonly first: number;
  readonly latest: number;
}

export function createSubjectIndex(): SubjectIndex {
  const index = createHashIndex({ valueWords: 2 });
  return {
    get(text) {
      const [first = 0, latest = first] = index.find(text) ?? [];
      return first === 0 ? undefined : { first, latest };
    },
    enter(text, seq) {
      const seqs = index.enter(text);
      if (seqs[0] === 0) seqs[0] = seq;
      seqs[1] = seq;
    },
    get sizeInBytes() {
      return index.sizeInBytes;
    },
  };
}
