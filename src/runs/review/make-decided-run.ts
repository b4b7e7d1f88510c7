import { createHash } from 'node:crypto';
import { runForgetListFolder } from '../../ledger/forget-files.ts';
import { announceRun } from '../../queue/presence.ts';
import type { Application, NumberedApplication } from '../../records/decisions/applied-decisions.ts';
import type { Decided } from '../../records/decisions/decision.ts';
import { hasUpload, uploadPath } from '../../records/inbox/upload.ts';
import { type ManifestLine, manifestPath, readManifest } from '../../records/manifest.ts';
import { createRunRecord, isOver, type RunRecord, readRunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { plural } from '../../util/plural.ts';
import { noteForgetList, readForgetList } from '../erasure/forget-list.ts';
import type { Rollcall } from '../open-rollcall.ts';

export type ApplyTools = Pick<Rollcall, 'settings' | 'state' | 'folder' | 'queue'>;

/** What a new run is made of: the run whose dead letters were decided, and which of them go into it. */
export interface Making {
  readonly record: RunRecord;
  readonly application: NumberedApplication;
  readonly signal: AbortSignal;
}

/** The list, then the record, by which the run is seen. Harmless where it is there already, in part or whole. */
export async function makeDecidedRun(
  tools: ApplyTools,
  { record, application, signal }: Making,
): Promise<void> {
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
