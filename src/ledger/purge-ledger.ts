import { randomBytes } from 'node:crypto';
import type { LeaseStore } from '../account/lease-store.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { withCompactionLease } from './compact-ledger.ts';
import { keyWithoutBlanks, parseLedgerEvent } from './ledger-event.ts';
import { basePath, type LedgerFile, listLedgerFiles, readLedgerFile } from './ledger-files.ts';
import { refreshSnapshot, whenPurged } from './snapshot/refresh-snapshot.ts';
import { snapshotPath } from './snapshot/snapshot.ts';

/**
 * Takes all events of subjects (in NFC) out of an account's ledger. Files that hold some are rewritten without them
 * before they are removed: a death anywhere leaves a ledger that is whole, and may name them still.
 * @returns false where another process rewrites the ledger just now: then nothing was done
 */
export async function purgeLedger(options: {
  state: StateStore;
  leases: LeaseStore;
  account: string;
  subjects: ReadonlySet<string>;
  signal: AbortSignal;
}): Promise<boolean> {
  const { state, leases, account, subjects, signal } = options;
  const isNamed = (text: string) => {
    const event = parseLedgerEvent(text);
    return event !== undefined && subjects.has(keyWithoutBlanks(event.subjectId));
  };
  const names = async (file: LedgerFile) => {
    let found = false;
    await readLedgerFile(state, file, (lines) => {
      signal.throwIfAborted();
      found ||= lines.some(({ text }) => isNamed(text));
    });
    return found;
  };
  const named: LedgerFile[] = [];
  for (const file of await listLedgerFiles(state, account)) if (await names(file)) named.push(file);
  if (named.length === 0) {
    await purgeSnapshot(state, { account, signal });
    return true;
  }
  const isDone = await withCompactionLease({ leases, account }, async () => {
    const number = 1 + Math.max(...(await listLedgerFiles(state, account)).map((file) => file.number));
    for (const file of named) {
      const into = basePath(account, { number, random: randomBytes(4).toString('hex') });
      if (await copyWithout(state, { file, into, isNamed, signal })) await state.remove(file.path);
    }
    await purgeSnapshot(state, { account, signal });
    return true;
  });
  return isDone ?? false;
}

/** A snapshot holds no entry of a file that is gone; one that cannot follow goes. */
async function purgeSnapshot(
  state: StateStore,
  { account, signal }: { account: string; signal: AbortSignal },
): Promise<void> {
  try {
    await refreshSnapshot(state, { account, when: whenPurged, signal });
  } catch {
    await state.remove(snapshotPath(account));
  }
}

/** False where the file vanished meanwhile: what it held is in another. */
async function copyWithout(
  state: StateStore,
  options: { file: LedgerFile; into: string; isNamed: (text: string) => boolean; signal: AbortSignal },
): Promise<boolean> {
  const { file, into, isNamed, signal } = options;
  const writer = await state.openWriter(into);
  try {
    const isWhole = await readLedgerFile(state, file, async (lines) => {
      signal.throwIfAborted();
      const kept = lines.filter(({ text }) => !isNamed(text));
      if (kept.length > 0) await writer.write(kept.map(({ text }) => `${text}\n`).join(''));
    });
    if (isWhole) await writer.commit();
    return isWhole;
  } finally {
    await writer.discard();
  }
}
