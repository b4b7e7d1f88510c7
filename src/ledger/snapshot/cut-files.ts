import type { StateStore } from '../../storage/state/state-store.ts';
import { type LedgerFile, listLedgerFiles, type UnreadLine } from '../ledger-files.ts';
import { openTableOf } from './snapshot.ts';
import type { TableFacts } from './table-format.ts';

/**
 * Files of a ledger of which its snapshot knows more than is there, and where they end now: such a file is never changed, so
 * that its end was lost. Pure.
 */
export function cutFilesOf(facts: TableFacts, files: readonly LedgerFile[]): UnreadLine[] {
  const known = new Map(facts.files.map(({ path, sizeInBytes }) => [path, sizeInBytes]));
  return files
    .filter(({ path, sizeInBytes }) => sizeInBytes < (known.get(path) ?? 0))
    .map(({ path, sizeInBytes }) => ({ path, offset: sizeInBytes }));
}

/** The same by what an account's state has now. */
export async function findCutFiles(state: StateStore, account: string): Promise<UnreadLine[]> {
  const table = await openTableOf(state, account);
  if (!table) return [];
  try {
    return cutFilesOf(table.facts, await listLedgerFiles(state, account));
  } finally {
    await table.close();
  }
}
