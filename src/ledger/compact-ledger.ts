import { randomBytes } from 'node:crypto';
import type { LeaseStore } from '../account/lease-store.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { compactFiles } from './compact-files.ts';
import type { LedgerEvent } from './ledger-event.ts';
import { basePath, listLedgerFiles } from './ledger-files.ts';
import { pickCompactionCandidates } from './pick-compaction-candidates.ts';
import { withCompactionLease } from './with-compaction-lease.ts';

/**
 * Draws files of an account's ledger together where they have become many. A death anywhere leaves a ledger that reads
 * the same: the new file appears whole before the others are removed, and events may be read twice.
 * @returns how many files were drawn together
 */
export async function compactLedger(options: {
  state: StateStore;
  leases: LeaseStore;
  account: string;
  /** Events that hold no more, and are left out: those of erased subjects. */
  isVoid?: (event: LedgerEvent) => boolean;
  signal: AbortSignal;
}): Promise<number> {
  const { state, leases, account } = options;
  if (pickCompactionCandidates(await listLedgerFiles(state, account)).length === 0) return 0;
  return (await withCompactionLease({ leases, account }, () => compactNow(options))) ?? 0;
}

async function compactNow(options: {
  state: StateStore;
  account: string;
  isVoid?: (event: LedgerEvent) => boolean;
  signal: AbortSignal;
}): Promise<number> {
  const { state, account, isVoid, signal } = options;
  const all = await listLedgerFiles(state, account);
  const files = pickCompactionCandidates(all);
  if (files.length === 0) return 0;
  const number = 1 + Math.max(...all.map((file) => file.number));
  // Two that slept through each other's leases must not write the same file.
  const into = basePath(account, { number, random: randomBytes(4).toString('hex') });
  if (!(await compactFiles(state, { files, into, isVoid, signal }))) return 0;
  for (const { path } of files) await state.remove(path);
  return files.length;
}
