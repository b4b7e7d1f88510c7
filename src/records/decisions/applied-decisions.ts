import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';
import { runFolderOf } from '../run-record.ts';
import { decidedSchema } from './decision.ts';

/**
 * `applied/<n>.json`: decisions that became a run, one file for each time, in the order in which they were made. Which
 * photos are in it is fixed before anything of that run is there; a photo is in one of them at most.
 */
const applicationSchema = z.object({
  schema: z.literal('rollcall.applied/1'),
  /** The run that was made of them. */
  run: z.string(),
  at: z.string(),
  photos: z.array(z.object({ seq: z.number().int().positive(), decided: decidedSchema })),
});
export type Application = z.infer<typeof applicationSchema>;

/** A run that was made, or is to be made, and whether nothing is left to be done for it. */
export interface NumberedApplication extends Application {
  readonly number: number;
  readonly isMade: boolean;
}

const folderOf = (runId: string) => `${runFolderOf(runId)}/applied`;
const pathOf = (runId: string, number: number) => `${folderOf(runId)}/${number}.json`;
const madePathOf = (runId: string, number: number) => `${folderOf(runId)}/${number}.made`;

/** @throws FaultError where one is damaged: nobody knows then what was sent already */
export async function readApplications(state: StateStore, runId: string): Promise<NumberedApplication[]> {
  const names = new Set((await state.list(folderOf(runId))).map(({ name }) => name));
  const found: NumberedApplication[] = [];
  for (let number = 1; names.has(`${number}.json`); number += 1) {
    const path = pathOf(runId, number);
    const application = parseAs(applicationSchema, (await state.read(path))?.toString() ?? '');
    if (!application)
      throw new FaultError('state', `${state.locate(path)} is damaged: restore it from a backup.`);
    found.push({ ...application, number, isMade: names.has(`${number}.made`) });
  }
  return found;
}

/** @returns false where somebody else was first with this number */
export const createApplication = (
  state: StateStore,
  runId: string,
  { number, isMade: _, ...application }: NumberedApplication,
): Promise<boolean> => state.create(pathOf(runId, number), `${JSON.stringify(application)}\n`);

/** From now on its run is not made again, not even once it was pruned. */
export const noteMade = (state: StateStore, runId: string, number: number): Promise<void> =>
  state.write(madePathOf(runId, number), '');
