import { setTimeout as delay } from 'node:timers/promises';
import type { ChunkRecord } from './chunk.ts';
import { storable } from './storable.ts';

/** A write for each result would cost more than the result; this long none is waited for. */
const gatherInMs = 5;

/** Resolves when the result of a chunk's photo is stored. */
export type RecordResult = (chunkId: string, record: ChunkRecord) => Promise<void>;

/**
 * Records results in groups, one write at a time: a line for each chunk.
 */
export function createResultRecorder(
  write: (lines: readonly { readonly id: string; readonly line: string }[]) => Promise<void>,
): RecordResult {
  let pending = new Map<string, ChunkRecord[]>();
  let next: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function writeGroup(): Promise<void> {
    await Promise.all([delay(gatherInMs), last.catch(() => undefined)]);
    const group = pending;
    pending = new Map();
    next = undefined;
    const lines = [...group].map(([id, records]) => ({ id, line: JSON.stringify(storable(records)) }));
    last = write(lines);
    await last;
  }

  return (chunkId, record) => {
    const records = pending.get(chunkId);
    if (records) records.push(record);
    else pending.set(chunkId, [record]);
    next ??= writeGroup();
    return next;
  };
}
