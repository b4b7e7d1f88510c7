import { hash, randomBytes } from 'node:crypto';
import type { LeaseStore } from '../account/lease-store.ts';
import { takeLease } from '../queue/lease.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { templateKey } from '../util/template-id.ts';
import { timeAt, writeTimeAt } from '../util/word-time.ts';
import {
  compareTimes,
  isHeldEvent,
  type LedgerEvent,
  parseLedgerEvent,
  photoKey,
  readTimes,
  timesOf,
  writeTimes,
} from './ledger-event.ts';
import { basePath, type LedgerFile, listLedgerFiles, readLedgerFile } from './ledger-files.ts';
import { findCutFiles } from './snapshot/cut-files.ts';

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
  // What is left of a file whose end was lost stays where that can be seen.
  const cut = new Set((await findCutFiles(state, account)).map(({ path }) => path));
  const files = pickCompactionCandidates(all.filter(({ path }) => !cut.has(path)));
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
 * Writes one file with the newest event of each subject, photo and kind (and verdict) of several files, and of what the
 * engine may hold with the newest one of another run: what that replaced, should it be undone. They are read twice;
 * memory is 48 bytes an event, 52 to 56 with free places.
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
  const newest = createHashIndex({ valueWords });
  const isRead = await readAll((text) => {
    const event = parseLedgerEvent(text);
    if (!event || isVoid(event)) return;
    noteEvent(newest.enter(eventKey(event)), event);
  });
  if (!isRead) return false;
  const writer = await state.openWriter(into);
  try {
    let kept = '';
    const keep = (text: string) => {
      const event = parseLedgerEvent(text);
      // Of a line that cannot be read nobody knows what it says.
      if (event ? holds(event, text) : text !== '') kept += `${text}\n`;
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
    if (!words) return false;
    const place = placeOfPrint(words, event);
    const print = hash32(text);
    if (place === undefined || words[place] === print) return false;
    words[place] = print;
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

/** Behind the times of the newest: its run, the time of the newest of another run, and which line of each was kept last. */
const places = { run: 4, print: 5, earlierAt: 6, earlierPrint: 8 } as const;
const valueWords = 9;

/** Events may come in any order: the newest of any other run is always known, too. */
function noteEvent(words: Uint32Array, event: LedgerEvent): void {
  const times = timesOf(event);
  const newest = readTimes(words);
  const isNewer = compareTimes(times, newest) > 0;
  if (hasEarlier(event) && newest.at > 0 && words[places.run] !== runPrint(event))
    writeTimeAt(
      words,
      places.earlierAt,
      isNewer ? newest.at : Math.max(times.at, timeAt(words, places.earlierAt)),
    );
  if (!isNewer) return;
  writeTimes(words, times);
  words[places.run] = runPrint(event);
}

function placeOfPrint(words: Uint32Array, event: LedgerEvent): number | undefined {
  const times = timesOf(event);
  if (compareTimes(times, readTimes(words)) === 0) return places.print;
  return hasEarlier(event) && times.at === timeAt(words, places.earlierAt) ? places.earlierPrint : undefined;
}

/** What was only seen again has replaced nothing; but for earlier versions, which kept that in place of the call itself. */
const hasEarlier = (event: LedgerEvent) =>
  (event.seenAt === undefined || event.run === undefined) && isHeldEvent(event);

const runPrint = ({ run }: LedgerEvent) => (run === undefined ? 0 : hash32(run));

/** Never 0. */
const hash32 = (text: string) => (Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) | 1) >>> 0;

/**
 * Verdicts of several kinds stand side by side: which of them counts depends on what a run requires. What was seen again
 * stands beside the call that stored it, and each template that a list gave beside the others: it is still there.
 */
function eventKey(event: LedgerEvent): string {
  const { kind, subjectId, photo, stored, code, seenAt, run } = event;
  const verdict = kind === 'rejected' ? `${stored === 'no' ? 'not stored' : 'stored'} ${code ?? ''}` : '';
  const seen = run !== undefined && seenAt !== undefined ? 'seen' : '';
  const template = givenTemplate(event);
  return `${kind} ${seen} ${verdict}\n${photoKey(subjectId, photo)}${template === '' ? '' : `\n${template}`}`;
}

/** An undoing does not note who chose the id. */
const givenTemplate = ({ kind, templateId, templateIdFrom }: LedgerEvent) =>
  templateId !== undefined && (kind === 'undone' || templateIdFrom === 'manifest')
    ? templateKey(templateId)
    : '';
