import { createHash } from 'node:crypto';
import type { ScheduleClock } from '../queue/queue.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';

/** The clock of this state's schedules; several states may share a queue. */
export async function openClock({ state, queue }: Pick<Rollcall, 'state' | 'queue'>): Promise<ScheduleClock> {
  const clockId = createHash('sha256')
    .update(await state.identity())
    .digest('hex')
    .slice(0, 16);
  return (await queue()).openScheduleClock(clockId);
}
