import { createForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import { readApplications } from '../../records/decisions/applied-decisions.ts';
import type { Decision } from '../../records/decisions/decision.ts';
import { flawOf, isEnrolling } from '../../records/decisions/decision.ts';
import { picturePathOf } from '../../records/inbox/picture.ts';
import { hasUpload } from '../../records/inbox/upload.ts';
import { readDeadLetters } from '../../records/report/read-dead-letters.ts';
import type { ReportLine } from '../../records/report/report-line.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

/** What is wrong with decisions, and of which photo. */
export interface RefusedDecision {
  readonly seq: number;
  readonly problem: string;
  /** Nothing is to be done about it: nobody is enrolled. */
  readonly isForgotten?: true;
}

/** `isFileGiven`: its file is kept later, if nothing else is wrong. */
type Asked = Pick<Decision, 'seq' | 'action' | 'reason' | 'upload' | 'edit'> & {
  readonly isFileGiven?: boolean;
};

/** Decisions that cannot be: of what is no dead letter, of what collides, of somebody who is forgotten, without their file. */
export async function refusedDecisions(
  state: StateStore,
  record: RunRecord,
  decisions: readonly Asked[],
  deadLettersOf: DeadLettersOf = createDeadLettersReader(state),
): Promise<RefusedDecision[]> {
  const letters = await deadLettersOf(record, new Set(decisions.map(({ seq }) => seq)));
  const wentOn = await runsThatTook(state, record.id);
  const { engine, account, id: runId } = record;
  const forgotten = createForgottenSubjects({ state, engine, account, runId });
  await forgotten.refresh();
  const refused: RefusedDecision[] = [];
  const seen = new Set<number>();
  for (const decision of decisions) {
    const { seq } = decision;
    const isTwice = seen.has(seq);
    seen.add(seq);
    const line = letters.get(seq);
    if (line?.subjectId !== undefined && forgotten.isForgotten(line.subjectId)) {
      const problem = 'is of a subject that is forgotten: nothing is decided of it any more';
      refused.push({ seq, problem, isForgotten: true });
      continue;
    }
    const newRun = wentOn.get(seq);
    const problem =
      (isTwice ? 'is decided twice' : undefined) ??
      flawOf(decision.isFileGiven ? { ...decision, upload: 'given' } : decision) ??
      (line ? problemOf(decision, line) : 'is no dead letter of this run') ??
      (newRun && `went on in run ${newRun}: decide it there`) ??
      (await problemOfFile(state, runId, { ...decision, photo: line?.photo }));
    if (problem !== undefined) refused.push({ seq, problem });
  }
  return refused;
}

/** The runs that photos were given to when decisions were applied. */
async function runsThatTook(state: StateStore, runId: string): Promise<Map<number, string>> {
  const applications = await readApplications(state, runId);
  return new Map(applications.flatMap(({ run, photos }) => photos.map(({ seq }) => [seq, run] as const)));
}

export function describeRefused(refused: readonly RefusedDecision[]): string {
  const named = refused.slice(0, 5).map(({ seq, problem }) => `photo ${seq} ${problem}`);
  const more = refused.length > named.length ? `; and ${refused.length - named.length} more` : '';
  return `Nothing was done, for not every decision can be: ${named.join('; ')}${more}.`;
}

function problemOf({ action }: Asked, line: ReportLine): string | undefined {
  if (!isEnrolling(action)) return undefined;
  // Alone in a list it would collide with nobody, and overwrite whom it collided with.
  if (line.error?.kind === 'collision')
    return 'collides with another photo and needs an id of its own first: it can be left out or handed on';
  if (line.error?.kind === 'manifest' || line.subjectId === undefined || line.photo === undefined)
    return 'is a row that names no photo: it can be left out or handed on';
  if (action === 'enroll-anyway' && line.status !== 'duplicate') return 'is no duplicate: retry it instead';
  return undefined;
}

async function problemOfFile(
  state: StateStore,
  runId: string,
  { action, upload, isFileGiven = false, photo = '' }: Asked & { photo: string | undefined },
): Promise<string | undefined> {
  if (upload !== undefined)
    return (await hasUpload(state, runId, upload)) ? undefined : 'has no file any more: give it again';
  const picture = isEnrolling(action) && !isFileGiven ? picturePathOf(photo) : undefined;
  if (picture === undefined || (await state.size(picture)) !== undefined) return undefined;
  return 'was left out, and its picture is gone: give another file for it';
}

/** Those of the given numbers that are dead letters. */
export type DeadLettersOf = (
  record: RunRecord,
  seqs: ReadonlySet<number>,
) => Promise<ReadonlyMap<number, ReportLine>>;

export const createDeadLettersReader =
  (state: StateStore): DeadLettersOf =>
  async (record, seqs) => {
    const found = new Map<number, ReportLine>();
    for await (const line of readDeadLetters(state, record)) {
      if (seqs.has(line.seq)) found.set(line.seq, line);
      if (found.size === seqs.size) break;
    }
    return found;
  };
