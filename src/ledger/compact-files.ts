import { hash } from 'node:crypto';
import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import {
  compareTimes,
  isForeignEvent,
  type LedgerEvent,
  parseLedgerEvent,
  photoKey,
  timesOf,
} from './ledger-event.ts';
import { type LedgerFile, readLedgerFile } from './ledger-files.ts';
import { readTimes, writeTimes } from './time-words.ts';

/**
 * Writes into one file what holds of several: of each subject, photo and kind (and verdict) the newest event. The files are read
 * twice; memory is 32 bytes an event, 40 to 50 with free places.
 * @returns false, and nothing is written, if one of the files vanished meanwhile: somebody else draws them together
 */
export async function compactFiles(
  state: StateStore,
  options: {
    files: readonly LedgerFile[];
    into: string;
    /** Events that are left out. */
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
    const isNew = words[0] === 0 && words[1] === 0;
    if (isNew || compareTimes(timesOf(event), readTimes(words)) > 0) writeTimes(words, timesOf(event));
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
