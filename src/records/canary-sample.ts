import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { parseAs } from '../util/json-text.ts';
import { runFolderOf } from './run-record.ts';

/**
 * `canary-sample.json`: which photos a canary calls. Written before the first of them is called, so that they are the same
 * for whoever goes on, whatever the ledger has learned since.
 */
const sampleSchema = z.object({
  schema: z.literal('rollcall.canary-sample/1'),
  /** In the order of the list. */
  seqs: z.array(z.number()),
  /** Photos of the list that needed a call. */
  of: z.number(),
  /** Parts of the list by folder, from each of which there is a photo at least. */
  folders: z.number(),
});
export type CanarySample = z.infer<typeof sampleSchema>;

const samplePath = (runId: string) => `${runFolderOf(runId)}/canary-sample.json`;

/** @throws FaultError where it is damaged: another one would not be what was called */
export async function readCanarySample(state: StateStore, runId: string): Promise<CanarySample | undefined> {
  const bytes = await state.read(samplePath(runId));
  if (!bytes) return undefined;
  const sample = parseAs(sampleSchema, bytes.toString());
  if (sample) return sample;
  throw new FaultError(
    'state',
    `${state.locate(samplePath(runId))} is damaged: restore it from a backup, or end the run (rollcall cancel ${runId}).`,
  );
}

/** @returns the sample that counts: that of a conductor that was first, if there was one */
export async function writeCanarySample(
  state: StateStore,
  runId: string,
  sample: Omit<CanarySample, 'schema'>,
): Promise<CanarySample> {
  const written: CanarySample = { schema: 'rollcall.canary-sample/1', ...sample };
  await state.create(samplePath(runId), `${JSON.stringify(written)}\n`);
  return (await readCanarySample(state, runId)) ?? written;
}
