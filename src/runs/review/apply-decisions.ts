import { createHash } from 'node:crypto';
import { runForgetListFolder } from '../../ledger/forget-files.ts';
import { announceRun } from '../../queue/presence.ts';
import {
  type Application,
  createApplication,
  type NumberedApplication,
  noteMade,
  readApplications,
} from '../../records/applied-decisions.ts';
import { type Decided, type Decision, isEnrolling } from '../../records/decision.ts';
import { readDecisions } from '../../records/decision-files.ts';
import { type ManifestLine, manifestPath, readManifest } from '../../records/manifest.ts';
import { createRunRecord, isOver, type RunRecord, readRunRecord } from '../../records/run-record.ts';
import { hasUpload, listUploads, removeUpload, uploadPath } from '../../records/upload.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { plural } from '../../util/plural.ts';
import { noteForgetList, readForgetList } from '../erasure/forget-list.ts';
import type { StartedRun } from '../join-run.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { type ReopenTools, reopenSource } from '../run-source.ts';
import { describeRefused, refusedDecisions } from './check-decisions.ts';
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

export type ApplyTools = Pick<Rollcall, 'settings' | 'state' | 'folder' | 'queue'>;

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

interface Making {
  readonly record: RunRecord;
  readonly application: NumberedApplication;
  readonly signal: AbortSignal;
}

/** The list, then the record, by which the run is seen; whoever dies in between leaves it to the next. */
async function make(tools: ApplyTools, { record, application, signal }: Making): Promise<void> {
  if (application.isMade) return;
  const { state } = tools;
  const runId = application.run;
  if (!(await readRunRecord(state, runId))) {
    const list = await listOf(state, record, application);
    await takeUploads(state, { from: record.id, to: runId, list });
    const { count, sha256 } = await writeList(state, runId, list);
    await copyForgetList(state, record.id, runId);
    const subjects = await readForgetList(tools, tools.settings, signal);
    await noteForgetList(state, { runId, engine: record.engine, subjects });
    await createRunRecord(state, recordOf(record, { runId, count, sha256 }));
  }
  const made = await readRunRecord(state, runId);
  if (!made) throw new FaultError('state', `The run ${runId} that was just made is gone.`);
  const { presence } = await tools.queue();
  if (!isOver(made)) await announceRun(presence, state, made);
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

/** The manifest's lines of the photos, numbered anew; what an earlier reviewer wanted of a photo holds until it is changed. */
async function listOf(
  state: StateStore,
  record: RunRecord,
  { photos }: Pick<Application, 'photos'>,
): Promise<ManifestLine[]> {
  const bySeq = new Map(photos.map(({ seq, decided }) => [seq, decided]));
  const list: ManifestLine[] = [];
  for await (const batch of readManifest(state, record.id)) {
    for (const { line } of batch) {
      const decided = bySeq.get(line.seq);
      if (decided) list.push(decidedLine(line, decided, list.length + 1));
    }
  }
  if (list.length === bySeq.size) return list;
  throw new FaultError(
    'state',
    `The list of run ${record.id} lacks ${plural(bySeq.size - list.length, 'photo')} of its report.`,
  );
}

function decidedLine(line: ManifestLine, decided: Decided, seq: number): ManifestLine {
  const { cursor: _, sizeInBytes, decided: before, ...rest } = line;
  // Another file has a picture of its own, to which no earlier turning or cropping belongs.
  const all = decided.upload === undefined ? { ...before, ...decided } : decided;
  return {
    ...rest,
    seq,
    ...(sizeInBytes !== undefined && all.upload === undefined && { sizeInBytes }),
    ...(Object.keys(all).length > 0 && { decided: all }),
  };
}

/** The run has its files in a folder of its own, so that it does not depend on what becomes of the earlier one. */
async function takeUploads(
  state: StateStore,
  { from, to, list }: { from: string; to: string; list: readonly ManifestLine[] },
): Promise<void> {
  for (const { decided } of list) {
    const name = decided?.upload;
    if (name === undefined || (await hasUpload(state, to, name))) continue;
    const bytes = await state.read(uploadPath(from, name));
    if (bytes) await state.write(uploadPath(to, name), bytes);
  }
}

/** Whole: of several at once, all write the same. */
async function writeList(
  state: StateStore,
  runId: string,
  list: readonly ManifestLine[],
): Promise<{ count: number; sha256: string }> {
  const text = list.map((line) => `${JSON.stringify(line)}\n`).join('');
  await state.write(manifestPath(runId), text);
  return { count: list.length, sha256: createHash('sha256').update(text).digest('hex') };
}

/** Whom the earlier run was not to enroll by its user's own list this one is not, either. */
async function copyForgetList(state: StateStore, from: string, to: string): Promise<void> {
  for (const { name } of await state.list(runForgetListFolder(from))) {
    const bytes = await state.read(`${runForgetListFolder(from)}/${name}`);
    if (bytes) await state.write(`${runForgetListFolder(to)}/${name}`, bytes);
  }
}

function recordOf(
  like: RunRecord,
  { runId, count, sha256 }: { runId: string; count: number; sha256: string },
): RunRecord {
  const {
    id: _,
    schedule: __,
    waitsFor: ___,
    outlook: ____,
    ownTemplateIds: _____,
    canary: ______,
    ...same
  } = like;
  const now = new Date().toISOString();
  return {
    ...same,
    id: runId,
    createdAt: now,
    updatedAt: now,
    source: '-',
    origin: like.origin ?? like.source,
    state: 'active',
    epoch: 0,
    // What a person asked for is done, whatever an earlier run came to.
    settings: { ...like.settings, incremental: false, canary: undefined, canaryAccept: undefined },
    listed: { count, sha256, at: now },
    counts: { listed: count, done: 0, deadLetters: 0, calls: 0 },
  };
}
