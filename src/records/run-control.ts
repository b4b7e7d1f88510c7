import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { parseAs } from '../util/json-text.ts';
import { runFolderOf } from './run-record.ts';

/**
 * `control.json`: what a user asked of a run, or a worker that cannot read its source. Written by `pause`, `resume`,
 * `cancel` and `worker/source-watch.ts`, read by the conductor once a
 * second. Only the conductor writes `run.json`, so that neither overwrites the other.
 */
const controlSchema = z.object({
  wanted: z.enum(['run', 'pause', 'cancel']),
  at: z.string(),
  /** Of a pause that no person asked for: why, and what to do. */
  reason: z.string().optional(),
});
export type Control = z.infer<typeof controlSchema>;

const controlPath = (runId: string) => `${runFolderOf(runId)}/control.json`;

/** `run` where nothing was asked yet, or nothing readable. */
export async function readControl(state: StateStore, runId: string): Promise<Control> {
  const bytes = await state.read(controlPath(runId));
  return parseAs(controlSchema, bytes?.toString() ?? '') ?? { wanted: 'run', at: '' };
}

export async function writeControl(
  state: StateStore,
  runId: string,
  wanted: Control['wanted'],
  reason?: string,
): Promise<void> {
  const control: Control = { wanted, at: new Date().toISOString(), ...(reason !== undefined && { reason }) };
  await state.write(controlPath(runId), `${JSON.stringify(control)}\n`);
}
