import { createHash } from 'node:crypto';
import type { Rollcall } from '../open-rollcall.ts';
import type { ScheduleClock } from '../queue/queue.ts';

/** The clock of this state's schedules; several states may share a queue. */
export async function openClock({ state, queue }: Pick<Rollcall, 'state' | 'queue'>): Promise<ScheduleClock> {
  const clockId = createHash('sha256')
    .update(await state.identity())
    .digest('hex')
    .slice(0, 16);
  return (await queue()).openScheduleClock(clockId);
}
