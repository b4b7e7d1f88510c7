import type { Outcome } from '../report/record.ts';
import type { ManifestLine } from './manifest.ts';
import { createSubjectIndex } from './subject-index.ts';

/**
 * What becomes of a line of the manifest before any call: it is fed, fed once an earlier photo of the same subject
 * has its line, or settled here. Follows from the lines alone, in order, so that a resumed run decides the same.
 */
export type Decision =
  | { readonly kind: 'feed' }
  | { readonly kind: 'feed-after'; readonly seq: number }
  | { readonly kind: 'settle'; readonly outcome: Omit<Outcome, 'finishedAt'> };

export interface DecideOptions {
  /** What a subject that comes again means: two names that give one id, or several photos of one person. */
  readonly sameSubject: 'collision' | 'repeat';
  readonly repeat: 'first' | 'last' | 'each';
}

export interface Decider {
  /** With `repeat: last` every line must have been shown to `foresee` first. */
  decide(line: ManifestLine): Decision;
  foresee(line: ManifestLine): void;
}

export function createDecider({ sameSubject, repeat }: DecideOptions): Decider {
  const firstOf = createSubjectIndex();
  const latestOf = createSubjectIndex();
  const subjectOfTemplate = createSubjectIndex();

  function decideRepeat(line: ManifestLine, subject: string, first: number | undefined): Decision {
    if (repeat === 'last') return latestOf.get(subject) === line.seq ? feed : repeated;
    if (first === undefined) return feed;
    if (sameSubject === 'collision') return collision(`photo ${first} of the list has the same subject id`);
    if (repeat === 'first') return repeated;
    return { kind: 'feed-after', seq: latestOf.get(subject) ?? first };
  }

  /** Two subjects with one template id would overwrite each other at the engine. */
  function decideTemplate(line: ManifestLine, root: number): Decision | undefined {
    if (line.templateId === undefined) return undefined;
    const owner = subjectOfTemplate.get(line.templateId);
    if (owner !== undefined && owner !== root) {
      return collision(`photo ${owner} of the list has the same template id for another subject`);
    }
    subjectOfTemplate.set(line.templateId, root);
    return undefined;
  }

  return {
    foresee(line) {
      if (line.problem === undefined && line.subjectId !== undefined)
        latestOf.set(subjectKey(line.subjectId), line.seq);
    },
    decide(line) {
      if (line.problem !== undefined || line.subjectId === undefined || line.photo === undefined) {
        return failed('manifest', line.problem ?? 'the row names no subject or no photo');
      }
      const subject = subjectKey(line.subjectId);
      const first = firstOf.get(subject);
      if (first === undefined) firstOf.set(subject, line.seq);
      const decision = decideRepeat(line, subject, first);
      if (decision.kind === 'settle') return decision;
      const clash = decideTemplate(line, first ?? line.seq);
      if (clash) return clash;
      if (repeat === 'each') latestOf.set(subject, line.seq);
      return decision;
    },
  };
}

/** The template id is made of the NFC form: ids that differ only in it are one subject. */
const subjectKey = (subjectId: string) => subjectId.normalize('NFC');

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
