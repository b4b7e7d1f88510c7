import { randomBytes } from 'node:crypto';
import { isDeadProcess, processName } from '../queue/process-name.ts';
import type { LeaseStore } from '../queue/queue.ts';
import type { StateStore } from '../state/state-store.ts';
import { chooseFiles } from './choose-files.ts';
import { drawTogether } from './draw-together.ts';
import { basePath, listLedgerFiles } from './ledger-files.ts';

/** Spares two processes the same work. It is no fence, and none is needed: what is removed stands in a file that was written. */
const leaseInMs = 600_000;

/**
 * Draws files of an account's ledger together where they have become many. A death anywhere leaves a ledger that reads
 * the same: the new file appears whole before the others are removed, and events may be read twice.
 * @returns how many files were drawn together
 */
export async function compactLedger(options: {
  state: StateStore;
  leases: LeaseStore;
  account: string;
  signal: AbortSignal;
}): Promise<number> {
  const { state, leases, account, signal } = options;
  if (chooseFiles(await listLedgerFiles(state, account)).length === 0) return 0;
  const key = `ledger-${account}`;
  const holder = processName();
  const current = await leases.holder(key);
  const evict = current !== undefined && isDeadProcess(current) ? current : undefined;
  const taken = await leases.acquire({ key, holder, durationInMs: leaseInMs, minEpoch: 0, evict });
  if (!('epoch' in taken)) return 0;
  try {
    return await compactNow({ state, account, signal });
  } finally {
    await leases.release({ key, holder, epoch: taken.epoch });
  }
}

async function compactNow(options: {
  state: StateStore;
  account: string;
  signal: AbortSignal;
}): Promise<number> {
  const { state, account, signal } = options;
  const all = await listLedgerFiles(state, account);
  const files = chooseFiles(all);
  if (files.length === 0) return 0;
  const number = 1 + Math.max(...all.map((file) => file.number));
  // Two that slept through each other's leases must not write the same file.
  const into = basePath(account, { number, random: randomBytes(4).toString('hex') });
  if (!(await drawTogether(state, { files, into, signal }))) return 0;
  for (const { path } of files) await state.remove(path);
  return files.length;
}
