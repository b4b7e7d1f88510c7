import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { callStatisticsSchema, noCalls } from './call-statistics.ts';
import { partsFolder } from './report-part.ts';

const checkpointPattern = /^checkpoint-(\d+)\.json$/;

const checkpointSchema = z.object({
  /** The folder of the run: a checkpoint that was copied from another run says nothing about these parts. */
  runFolder: z.string(),
  parts: z.array(
    z.object({
      name: z.string(),
      epoch: z.number(),
      sizeInBytes: z.number(),
      smallestSeq: z.number(),
      largestSeq: z.number(),
    }),
  ),
  bitmap: z.string(),
  tally: z.object({
    total: z.number(),
    byStatus: z.record(z.string(), z.number()),
    byCode: z.record(z.string(), z.number()),
    deadLetters: z.number(),
    calls: z.number(),
    retries: z.number(),
    shared: z.number().default(0),
    identifications: z.number().default(0),
    saved: z.number().default(0),
    callStatistics: callStatisticsSchema.default(noCalls),
  }),
});

/** What the parts of a run held at one moment, so that the next conductor need not read them all. */
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** The epoch of a checkpoint's file; undefined for a file that is no checkpoint. */
export function checkpointEpochOf(name: string): number | undefined {
  const epoch = checkpointPattern.exec(name)?.[1];
  return epoch === undefined ? undefined : Number(epoch);
}

export async function writeCheckpoint(
  state: StateStore,
  { epoch, ...checkpoint }: Checkpoint & { epoch: number },
): Promise<void> {
  const body = JSON.stringify(checkpoint);
  const path = `${partsFolder(checkpoint.runFolder)}/checkpoint-${epoch}.json`;
  await state.write(path, JSON.stringify({ sha256: sha256(body), body }));
}

/**
 * The newest checkpoint that agrees with the parts. One that is damaged, of another run, or names a part that is gone or
 * shorter by now is ignored: a checkpoint only saves time, and without one all parts are read.
 */
export async function readCheckpoint(
  state: StateStore,
  runFolder: string,
  parts: readonly { name: string; sizeInBytes: number }[],
): Promise<Checkpoint | undefined> {
  const sizes = new Map(parts.map(({ name, sizeInBytes }) => [name, sizeInBytes]));
  for (const path of await checkpointPaths(state, runFolder)) {
    const checkpoint = parseCheckpoint((await state.read(path))?.toString());
    if (checkpoint?.runFolder !== runFolder) continue;
    if (checkpoint.parts.every(({ name, sizeInBytes }) => (sizes.get(name) ?? -1) >= sizeInBytes))
      return checkpoint;
  }
  return undefined;
}

/** So that all parts are read again. */
export async function removeCheckpoints(state: StateStore, runFolder: string): Promise<void> {
  for (const path of await checkpointPaths(state, runFolder)) await state.remove(path);
}

/** The newest first. */
async function checkpointPaths(state: StateStore, runFolder: string): Promise<string[]> {
  const entries = await state.list(partsFolder(runFolder));
  return entries
    .flatMap(({ name }) => ({ name, epoch: checkpointEpochOf(name) ?? -1 }))
    .filter(({ epoch }) => epoch >= 0)
    .sort((a, b) => b.epoch - a.epoch)
    .map(({ name }) => `${partsFolder(runFolder)}/${name}`);
}

function parseCheckpoint(text: string | undefined): Checkpoint | undefined {
  try {
    const { sha256: hash, body } = JSON.parse(text ?? '');
    return typeof body === 'string' && sha256(body) === hash
      ? checkpointSchema.parse(JSON.parse(body))
      : undefined;
  } catch {
    return undefined;
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
