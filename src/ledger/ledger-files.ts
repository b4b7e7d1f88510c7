import type { StateLine, StateStore } from '../storage/state/state-store.ts';
import { type LedgerEvent, parseLedgerEvent } from './ledger-event.ts';

/**
 * The ledger remembers over all runs what an account holds and what it must not; a run writes it with `createLedgerDelta`
 * and reads it with `readLedger`. The ledger of an account is many files, each written whole and never changed: `deltas/<run>-<epoch>.jsonl`, one a
 * concluded run, and `base-<n>-<random>.jsonl`, into which compaction has merged several of them. Two runs
 * never write the same file.
 */
const ledgerFolder = (account: string) => `ledger/${account}`;

export const deltaPath = (account: string, { run, epoch }: { run: string; epoch: number }) =>
  `${ledgerFolder(account)}/deltas/${run}-${epoch}.jsonl`;

export const basePath = (account: string, { number, random }: { number: number; random: string }) =>
  `${ledgerFolder(account)}/base-${number}-${random}.jsonl`;

const basePattern = /^base-(\d+)-[0-9a-f]+\.jsonl$/;

export interface LedgerFile {
  readonly path: string;
  readonly sizeInBytes: number;
  /** Of a base; 0 for a delta. */
  readonly number: number;
}

export async function listLedgerFiles(state: StateStore, account: string): Promise<LedgerFile[]> {
  const folder = ledgerFolder(account);
  // What vanished before it was listed here is in a base already.
  const deltas = (await state.list(`${folder}/deltas`))
    .filter(({ name }) => name.endsWith('.jsonl'))
    .map(({ name, sizeInBytes }) => ({ path: `${folder}/deltas/${name}`, sizeInBytes, number: 0 }));
  const bases = (await state.list(folder)).flatMap(({ name, sizeInBytes }) => {
    const number = basePattern.exec(name)?.[1];
    return number === undefined ? [] : [{ path: `${folder}/${name}`, sizeInBytes, number: Number(number) }];
  });
  return [...bases, ...deltas];
}

/**
 * All lines of one file. True if it was read to its end; false if it vanished meanwhile, since compaction merged it into
 * another: what it held is found there. A file whose end is damaged but which is there counts as read.
 */
export async function readLedgerFile(
  state: StateStore,
  file: LedgerFile,
  onLines: (lines: readonly StateLine[]) => void | Promise<void>,
): Promise<boolean> {
  let sizeInBytes = 0;
  try {
    for await (const lines of state.readLines(file.path, { torn: true })) {
      await onLines(lines);
      const last = lines.at(-1);
      if (last) sizeInBytes = last.offset + last.sizeInBytes;
    }
  } catch (error) {
    if ((await state.size(file.path)) === undefined) return false;
    throw error;
  }
  return sizeInBytes >= file.sizeInBytes || (await state.size(file.path)) !== undefined;
}

/** A line that is damaged, or of a newer version. */
export interface UnreadLine {
  readonly path: string;
  /** Where it begins, in bytes. */
  readonly offset: number;
}

/**
 * Shows every event that the ledger held when this was called, in no order, some more than once. Lines that are damaged
 * are passed over.
 * @returns the paths of what is known by now: `except` of whoever wants what comes later
 */
export async function readLedger(
  state: StateStore,
  options: {
    account: string;
    onEvent: (event: LedgerEvent) => void;
    onUnread?: (line: UnreadLine) => void;
    /** By a line's text: spares parsing those that say nothing that is asked for. */
    isOfInterest?: (text: string) => boolean;
    /** Awaited every few hundred lines, so that what `onEvent` gathers stays bounded. */
    afterBatch?: () => Promise<void>;
    /** Paths of files that are passed over: what they hold is known. */
    except?: ReadonlySet<string>;
    signal?: AbortSignal;
  },
): Promise<ReadonlySet<string>> {
  const { account, onEvent, onUnread, isOfInterest, afterBatch, except, signal } = options;
  const read = new Set<string>(except);
  while (true) {
    const files = (await listLedgerFiles(state, account)).filter(({ path }) => !read.has(path));
    if (files.length === 0) return read;
    for (const file of files) {
      const isWhole = await readLedgerFile(state, file, async (lines) => {
        signal?.throwIfAborted();
        for (const { text, offset } of lines) {
          if (isOfInterest?.(text) === false) continue;
          const event = parseLedgerEvent(text);
          if (event) onEvent(event);
          else if (text !== '') onUnread?.({ path: file.path, offset });
        }
        await afterBatch?.();
      });
      if (isWhole) read.add(file.path);
    }
  }
}
