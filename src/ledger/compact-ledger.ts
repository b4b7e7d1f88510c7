import { hash, randomBytes } from 'node:crypto';
import type { LeaseStore } from '../account/lease-store.ts';
import { takeLease } from '../queue/lease.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import {
  compareTimes,
  isForeignEvent,
  type LedgerEvent,
  parseLedgerEvent,
  photoKey,
  readTimes,
  timesOf,
  writeTimes,
} from './ledger-event.ts';
import { basePath, type LedgerFile, listLedgerFiles, readLedgerFile } from './ledger-files.ts';

/** Spares two processes the same work. It does not fence, and need not: only files whose content was written are removed. */
const leaseInMs = 600_000;
/** Fewer files than this are read as they are. */
const fewestFiles = 8;
/** Files below this size are compacted whatever their sizes are. */
const smallInBytes = 1024 * 1024;
/** A file is chosen only with others that are, together, at least half its size: large ones are seldom written again. */
const largestRatio = 2;

/**
 * Compacts an account's ledger where it has become many files. A death anywhere leaves a ledger that reads the same: the
 * new file appears whole before the others are removed, and events may be read twice.
 * @returns how many files became one
 */
export async function compactLedger(options: {
  state: StateStore;
  leases: LeaseStore;
  account: string;
  /** Events that no longer hold, and are left out: those of erased subjects. */
  isVoid?: (event: LedgerEvent) => boolean;
  signal: AbortSignal;
}): Promise<number> {
  const { state, leases, account } = options;
  if (pickCompactionCandidates(await listLedgerFiles(state, account)).length === 0) return 0;
  return (await withCompactionLease({ leases, account }, () => compactNow(options))) ?? 0;
}

/** Lets one process at a time rewrite an account's ledger; undefined where another one does. */
export async function withCompactionLease<Result>(
  { leases, account }: { leases: LeaseStore; account: string },
  action: () => Promise<Result>,
): Promise<Result | undefined> {
  const lease = await takeLease({ leases, key: `ledger-${account}`, durationInMs: leaseInMs });
  if (!lease) return undefined;
  try {
    return await action();
  } finally {
    await lease.release();
  }
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
  // Two processes that slept through each other's leases must not write the same file.
  const into = basePath(account, { number, random: randomBytes(4).toString('hex') });
  if (!(await compactFiles(state, { files, into, isVoid, signal }))) return 0;
  for (const { path } of files) await state.remove(path);
  return files.length;
}

/**
 * The files that are worth compacting now, none if they are too few: the smallest of about one size. So their number
 * grows with the logarithm of the ledger, and what a night adds is rewritten only a few times. Pure.
 */
export function pickCompactionCandidates(files: readonly LedgerFile[]): LedgerFile[] {
  const bySize = [...files].sort((a, b) => a.sizeInBytes - b.sizeInBytes);
  for (let from = 0; from + fewestFiles <= bySize.length; from += 1) {
    const chosen = likeSized(bySize.slice(from));
    if (chosen.length >= fewestFiles) return chosen;
  }
  return [];
}

/** The first files, up to one that is too large for those before it. */
function likeSized(bySize: readonly LedgerFile[]): LedgerFile[] {
  let sum = 0;
  const end = bySize.findIndex((file, index) => {
    const isTooLarge = index > 0 && file.sizeInBytes > Math.max(largestRatio * sum, smallInBytes);
    sum += file.sizeInBytes;
    return isTooLarge;
  });
  return end === -1 ? [...bySize] : bySize.slice(0, end);
}

/**
 * Writes one file with the newest event of each subject, photo and kind (and verdict) of several files. They are read
 * twice; memory is 32 bytes an event, 40 to 50 with free places.
 * @returns false, and nothing is written, if a file vanished meanwhile: another process compacts them
 */
async function compactFiles(
  state: StateStore,
  options: {
    files: readonly LedgerFile[];
    into: string;
    isVoid?: ((event: LedgerEvent) => boolean) | undefined;
    signal: AbortSignal;
  },
): Promise<boolean> {
  const { files, into, isVoid = () => false, signal } = options;
  const newest = createHashIndex({ valueWords: 5 });
  const isRead = await readAll((text) => {
    const event = parseLedgerEvent(text);
    if (!event || isVoid(event)) return;
    const words = newest.enter(eventKey(event));
    if (compareTimes(timesOf(event), readTimes(words)) > 0) writeTimes(words, timesOf(event));
  });
  if (!isRead) return false;
  const writer = await state.openWriter(into);
  try {
    let kept = '';
    const keep = (text: string) => {
      const event = parseLedgerEvent(text);
      if (event ? holds(event, text) : isForeignEvent(text)) kept += `${text}\n`;
    };
    const write = async () => {
      const batch = kept;
      kept = '';
      if (batch !== '') await writer.write(batch);
    };
    if (!(await readAll(keep, write))) return false;
    await writer.commit();
    return true;
  } finally {
    await writer.discard();
  }

  /** Of two that say different things at the same time both are kept; of two that are the same, one. */
  function holds(event: LedgerEvent, text: string): boolean {
    const words = newest.find(eventKey(event));
    if (!words || compareTimes(timesOf(event), readTimes(words)) !== 0) return false;
    const print = (Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) | 1) >>> 0;
    if (words[latestPrint] === print) return false;
    words[latestPrint] = print;
    return true;
  }

  async function readAll(onLine: (text: string) => void, afterBatch?: () => Promise<void>): Promise<boolean> {
    for (const file of files) {
      const isWhole = await readLedgerFile(state, file, async (lines) => {
        signal.throwIfAborted();
        for (const { text } of lines) onLine(text);
        await afterBatch?.();
      });
      if (!isWhole) return false;
    }
    return true;
  }
}

/** Place behind the times: a fingerprint of the line that was kept last, never 0. */
const latestPrint = 4;

/** Verdicts of several kinds stand side by side: which of them counts depends on what a run requires. */
function eventKey({ kind, subjectId, photo, stored, code }: LedgerEvent): string {
  const verdict = kind === 'rejected' ? `${stored === 'no' ? 'not stored' : 'stored'} ${code ?? ''}` : '';
  return `${kind} ${verdict}\n${photoKey(subjectId, photo)}`;
}
