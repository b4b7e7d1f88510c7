import { createHash } from 'node:crypto';
import {
  type Application,
  createApplication,
  type NumberedApplication,
  noteMade,
  readApplications,
} from '../../records/decisions/applied-decisions.ts';
import { type Decided, type Decision, isEnrolling } from '../../records/decisions/decision.ts';
import { readDecisions } from '../../records/decisions/decision-files.ts';
import { listUploads, removeUpload } from '../../records/inbox/upload.ts';
import { isOver, type RunRecord, readRunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { UsageError } from '../../util/errors.ts';
import { assertStillThere } from '../assert-still-there.ts';
import type { StartedRun } from '../join-run.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { type ReopenTools, reopenSource } from '../run-source.ts';
import { describeRefused, refusedDecisions } from './check-decisions.ts';
import { type ApplyTools, type Making, makeDecidedRun } from './make-decided-run.ts';
import { openAccountOf } from './retry-dead-letters.ts';

/** What came of the decisions of a run. */
export interface AppliedDecisions {
  /** The run that was made last of them; undefined: no photo was ever to be sent. */
  readonly runId: string | undefined;
  /** Photos that this call gave to that run; 0: all had been given to one before. */
  readonly sent: number;
  /** Decisions that stand, by their action. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Makes one run of what was decided of a run's dead letters and is not in a run yet, for workers to do. Each step is
 * harmless when done again, by several at once or after a death: which photos go into which run is written down first, and
 * a photo goes into one only.
 * @throws UsageError for a run that is not over, and for decisions that cannot be: then nothing was done
 */
export async function applyDecisions(
  tools: ApplyTools,
  record: RunRecord,
  signal: AbortSignal,
): Promise<AppliedDecisions> {
  if (!isOver(record))
    throw new UsageError(
      'run-not-over',
      `Run ${record.id} is not over: its photos may still be enrolled. What was decided is kept; apply it once the run has ended (or was cancelled: rollcall cancel ${record.id}).`,
    );
  const { leases } = await tools.queue();
  const subject = { source: { address: `decisions of ${record.id}` }, account: record.account };
  return oneAtATime(leases, subject, signal, () => apply(tools, record, signal));
}

/**
 * The same, for this process to join; undefined where no photo is to be sent.
 * @throws UsageError if this process's credentials are another account's
 */
export async function startApplied(
  { engineOf, ...tools }: ApplyTools & ReopenTools & Pick<Rollcall, 'engineOf'>,
  record: RunRecord,
  signal: AbortSignal,
): Promise<{ applied: AppliedDecisions; started: StartedRun | undefined }> {
  const opened = openAccountOf(engineOf, record);
  const applied = await applyDecisions(tools, record, signal);
  const made = applied.runId === undefined ? undefined : await readRunRecord(tools.state, applied.runId);
  const started = made && { record: made, opened, openSource: (run: RunRecord) => reopenSource(tools, run) };
  return { applied, started };
}

async function apply(tools: ApplyTools, record: RunRecord, signal: AbortSignal): Promise<AppliedDecisions> {
  const { state } = tools;
  const decisions = await readDecisions(state, record.id);
  const counts: Record<string, number> = {};
  for (const { action } of decisions.values()) counts[action] = (counts[action] ?? 0) + 1;
  const former = await readApplications(state, record.id);
  for (const application of former) await make(tools, { record, application, signal });
  const pending = await applicable(state, record, pendingOf(decisions, former));
  if (pending.length === 0) return { runId: former.at(-1)?.run, sent: 0, counts };
  const application = applicationOf(record.id, pending, former.length + 1);
  // The lease was lost, and somebody else was first: what they made of it counts.
  if (!(await createApplication(state, record.id, application))) return apply(tools, record, signal);
  await assertStillThere(state, record.id);
  await make(tools, { record, application, signal });
  return { runId: application.run, sent: pending.length, counts };
}

/**
 * Without those of subjects who were forgotten since.
 * @throws UsageError where another one cannot be
 */
async function applicable(
  state: StateStore,
  record: RunRecord,
  pending: readonly Decision[],
): Promise<readonly Decision[]> {
  if (pending.length === 0) return pending;
  const refused = await refusedDecisions(state, record, pending);
  const flawed = refused.filter(({ isForgotten }) => !isForgotten);
  if (flawed.length > 0) throw new UsageError('decision', describeRefused(flawed));
  const forgotten = new Set(refused.map(({ seq }) => seq));
  return pending.filter(({ seq }) => !forgotten.has(seq));
}

/** Photos that are to be sent and are in no run yet, in the order of the list. */
export function pendingOf(
  decisions: ReadonlyMap<number, Decision>,
  former: readonly Pick<Application, 'photos'>[],
): Decision[] {
  const sent = new Set(former.flatMap(({ photos }) => photos.map(({ seq }) => seq)));
  return [...decisions.values()]
    .filter(({ seq, action }) => isEnrolling(action) && !sent.has(seq))
    .sort((a, b) => a.seq - b.seq);
}

/** Its run's id is that of any other run, of the time and a hash of what was decided. Pure. */
export function applicationOf(
  runId: string,
  pending: readonly Decision[],
  number: number,
): NumberedApplication {
  const photos = pending.map((decision) => ({ seq: decision.seq, decided: decidedOf(decision) }));
  const at =
    pending
      .map((decision) => decision.at)
      .sort()
      .at(-1) ?? '';
  const hash = createHash('sha256')
    .update(JSON.stringify([runId, photos]))
    .digest('hex')
    .slice(0, 8);
  const run = `${at.replace(/[-:]/g, '').replace(/\.\d+/, '')}-${hash}`;
  return { schema: 'rollcall.applied/1', run, at, photos, number, isMade: false };
}

const decidedOf = ({ action, upload, edit }: Decision): Decided => ({
  ...(upload !== undefined && { upload }),
  ...(edit !== undefined && { edit }),
  ...(action === 'enroll-anyway' && { enrollAnyway: true as const }),
});

/** Whoever dies in between leaves it to the next. */
async function make(tools: ApplyTools, making: Making): Promise<void> {
  const { record, application } = making;
  if (application.isMade) return;
  const { state } = tools;
  await makeDecidedRun(tools, making);
  await removeUploads(state, record.id);
  await noteMade(state, record.id, application.number);
}

/** Those that went along with a run, and those that nobody decided to send after all. */
async function removeUploads(state: StateStore, runId: string): Promise<void> {
  const pending = pendingOf(await readDecisions(state, runId), await readApplications(state, runId));
  const needed = new Set(pending.map(({ upload }) => upload));
  for (const name of await listUploads(state, runId))
    if (!needed.has(name)) await removeUpload(state, runId, name);
}
