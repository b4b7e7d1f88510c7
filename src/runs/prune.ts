import { auditFolderOf, listAuditRecords } from '../records/audit/audit-record.ts';
import { listCoverageRecords } from '../records/audit/coverage-record.ts';
import { listPictures } from '../records/inbox/picture.ts';
import { readManifest } from '../records/manifest.ts';
import { isMarked, markRun, unmarkRun } from '../records/run-marks.ts';
import { isOver, listReadableRuns, type RunRecord, runFolderOf, runsFolder } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { isNeededForRepairs } from './audit/repair-origins.ts';

/** A run that is old enough, and why it stays. */
export interface NeededRun {
  readonly id: string;
  /** What it is needed for: a command, or a run. */
  readonly goesOnWith: string;
}

/**
 * Runs that are over and ended before the given time (ISO 8601). Those that can still go on are never among them. Apart:
 * whom an undoing, the repair of an audit, or another run needs that has not come to its end.
 */
export async function findOldRuns(
  state: StateStore,
  endedBefore: string,
): Promise<{ old: RunRecord[]; needed: NeededRun[] }> {
  const { records } = await listReadableRuns(state);
  const repairs = (await listAuditRecords(state)).filter((audit) => audit.state === 'repairing');
  const old: RunRecord[] = [];
  const needed: NeededRun[] = [];
  for (const record of records.filter((one) => isOver(one) && one.updatedAt < endedBefore)) {
    const { id } = record;
    const audit = repairs.find((one) => isNeededForRepairs(record, { audit: one, runs: records }));
    if (await isMarked(state, id, 'undo-under-way')) needed.push({ id, goesOnWith: `rollcall undo ${id}` });
    else if (audit) needed.push({ id, goesOnWith: `rollcall audit --sample ${audit.sample} --repair` });
    else old.push(record);
  }
  const users = await usersOfPictures(state, { old, records });
  for (const [id, user] of users) needed.push({ id, goesOnWith: `run ${user}` });
  return { old: old.filter(({ id }) => !users.has(id)), needed };
}

/** Those whose pictures are sent again by a run that is not over, and by which: an inbox's pictures are nowhere else. */
async function usersOfPictures(
  state: StateStore,
  { old, records }: { old: readonly RunRecord[]; records: readonly RunRecord[] },
): Promise<Map<string, string>> {
  const ownerOf = new Map<string, string>();
  for (const { id } of old) for (const photo of await listPictures(state, id)) ownerOf.set(photo, id);
  const users = new Map<string, string>();
  if (ownerOf.size === 0) return users;
  for (const { id } of records.filter((one) => !isOver(one))) {
    for await (const batch of readManifest(state, id)) {
      for (const { line } of batch) {
        const owner = ownerOf.get(line.photo ?? '');
        if (owner !== undefined) users.set(owner, id);
      }
    }
  }
  return users;
}

/**
 * Removes runs with manifest and report, and what an earlier removal left. The ledger stays: it knows what is enrolled.
 * First a run is no run any more, then its files go: one that is half removed must not look as if it had to be resumed.
 * @returns those that were left, since an undoing of them has begun meanwhile
 */
export async function removeRuns(state: StateStore, runs: readonly RunRecord[]): Promise<string[]> {
  for (const { id } of runs) await markRun(state, id, 'pruned');
  const left: string[] = [];
  for (const { name, isFolder } of await state.list(runsFolder)) {
    // One that cannot be read is left alone.
    if (!isFolder || !(await isMarked(state, name, 'pruned').catch(() => false))) continue;
    if (await isMarked(state, name, 'undo-under-way')) {
      await unmarkRun(state, name, 'pruned');
      left.push(name);
    } else await removeFiles(state, name);
  }
  return left;
}

/** The mark last: until it is gone, the next removal goes on here. */
async function removeFiles(state: StateStore, runId: string): Promise<void> {
  const folder = runFolderOf(runId);
  for (const name of ['run.json', 'run.first.json']) await state.remove(`${folder}/${name}`);
  for (const { name } of await state.list(folder))
    if (name !== 'pruned') await state.remove(`${folder}/${name}`);
  await state.remove(folder);
}

/** Audits that came to their end and began before the given time (ISO 8601). */
export async function findOldAudits(state: StateStore, begunBefore: string): Promise<string[]> {
  const records = await listAuditRecords(state);
  return records
    .filter((audit) => audit.state === 'finished' && audit.createdAt < begunBefore)
    .map(({ id }) => id);
}

/** Where what was found of lists of people is kept that were looked at before the given time (ISO 8601). */
export async function findOldCoverages(state: StateStore, before: string): Promise<string[]> {
  const kept = await listCoverageRecords(state);
  return kept.filter(({ record }) => record.at < before).map(({ path }) => path);
}

/** The record last: until it is gone, the next removal goes on with the folder. */
export async function removeAudits(state: StateStore, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const folder = auditFolderOf(id);
    const names = (await state.list(folder)).map(({ name }) => name);
    const record = 'audit.json';
    for (const name of names.filter((one) => one !== record)) await state.remove(`${folder}/${name}`);
    await state.remove(`${folder}/${record}`);
    await state.remove(folder);
  }
}
