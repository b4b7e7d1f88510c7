import { auditFolderOf, listAuditRecords } from '../records/audit-record.ts';
import { isOver, listReadableRuns, type RunRecord, runFolderOf, runsFolder } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** In a run's folder while it is being removed. */
const markerName = 'pruned';

/** Runs that are over and ended before the given time (ISO 8601). Those that can still go on are never among them. */
export async function findOldRuns(state: StateStore, endedBefore: string): Promise<RunRecord[]> {
  const { records } = await listReadableRuns(state);
  return records.filter((record) => isOver(record) && record.updatedAt < endedBefore);
}

/**
 * Removes runs with manifest and report, and what an earlier removal left. The ledger stays: it knows what is enrolled.
 * First a run is no run any more, then its files go: one that is half removed must not look as if it had to be resumed.
 */
export async function removeRuns(state: StateStore, runs: readonly RunRecord[]): Promise<void> {
  for (const { id } of runs) {
    const folder = runFolderOf(id);
    await state.write(`${folder}/${markerName}`, '');
    for (const name of ['run.json', 'run.first.json']) await state.remove(`${folder}/${name}`);
  }
  for (const { name, isFolder } of await state.list(runsFolder)) {
    // One that cannot be read is left alone.
    const marker =
      isFolder && (await state.size(`${runsFolder}/${name}/${markerName}`).catch(() => undefined));
    if (marker !== undefined && marker !== false) await removeFiles(state, `${runsFolder}/${name}`);
  }
}

/** The marker last: until it is gone, the next removal goes on here. */
async function removeFiles(state: StateStore, folder: string): Promise<void> {
  for (const { name } of await state.list(folder)) {
    if (name !== markerName) await state.remove(`${folder}/${name}`);
  }
  await state.remove(folder);
}

/** Audits that came to their end and began before the given time (ISO 8601). */
export async function findOldAudits(state: StateStore, begunBefore: string): Promise<string[]> {
  const records = await listAuditRecords(state);
  return records
    .filter((audit) => audit.state === 'finished' && audit.createdAt < begunBefore)
    .map(({ id }) => id);
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
