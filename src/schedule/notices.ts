import { z } from 'zod';
import type { StateStore } from '../state/state-store.ts';
import { scheduleFolderOf } from './schedule.ts';

/** What `--on-failure` is, or was, to be told of: one end of a run, a fault of it, or a tick that started none. */
const noticeSchema = z.object({
  /** The same end has the same id, whoever finds it: it is told once. */
  id: z.string(),
  runId: z.string().optional(),
  /** Of the tick that started no run. */
  tick: z.string().optional(),
  exitCode: z.number(),
  reason: z.string().optional(),
  /** When it was found. */
  at: z.string(),
  tries: z.number(),
  triedAt: z.string().optional(),
  /** `settled`: there is nothing to tell. */
  state: z.enum(['open', 'told', 'given-up', 'settled']),
});
export type Notice = z.infer<typeof noticeSchema>;

const noticesSchema = z.object({ schema: z.literal('rollcall.notices/1'), notices: z.array(noticeSchema) });

/** More than there are events in a history: what is forgotten would be told again. */
const keptNotices = 200;
const noticesPath = (name: string) => `${scheduleFolderOf(name)}/notices.json`;

/** `schedules/<name>/notices.json`, the oldest first; a damaged one counts as none. */
export async function readNotices(state: StateStore, name: string): Promise<Notice[]> {
  const bytes = await state.read(noticesPath(name));
  try {
    return bytes ? noticesSchema.parse(JSON.parse(bytes.toString())).notices : [];
  } catch {
    return [];
  }
}

export async function writeNotices(
  state: StateStore,
  name: string,
  notices: readonly Notice[],
): Promise<void> {
  const content = { schema: 'rollcall.notices/1', notices: notices.slice(-keptNotices) };
  await state.write(noticesPath(name), `${JSON.stringify(content, undefined, 2)}\n`);
}
