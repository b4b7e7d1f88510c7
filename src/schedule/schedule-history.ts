import { z } from 'zod';
import { scheduleFolderOf } from '../records/schedule.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { parseAs } from '../util/json-text.ts';

/** `schedules/<name>/history.json`: what came of the latest ticks, the latest last. */
const eventSchema = z.discriminatedUnion('result', [
  z.object({
    result: z.literal('started'),
    tick: z.string(),
    at: z.string(),
    runId: z.string(),
    /** Ticks before this one that were due while no worker was there; 100 at most. */
    missed: z.number().optional(),
  }),
  z.object({
    result: z.literal('skipped'),
    /** The latest of so many in a row. */
    tick: z.string(),
    at: z.string(),
    count: z.number(),
    why: z.string(),
  }),
  z.object({
    result: z.literal('failed'),
    tick: z.string(),
    at: z.string(),
    /** As the command line would end: 2 wrong settings or source, 4 a fault. */
    exitCode: z.number(),
    why: z.string(),
  }),
]);
export type ScheduleEvent = z.infer<typeof eventSchema>;

const historySchema = z.object({
  schema: z.literal('rollcall.schedule-history/1'),
  /** Ticks skipped since the schedule was first added. */
  skipped: z.number(),
  events: z.array(eventSchema),
});
export type ScheduleHistory = z.infer<typeof historySchema>;

const keptEvents = 50;
const historyPath = (name: string) => `${scheduleFolderOf(name)}/history.json`;
const nothing: ScheduleHistory = { schema: 'rollcall.schedule-history/1', skipped: 0, events: [] };

/** One that is damaged counts as none: the runs themselves say what was started. */
export async function readHistory(state: StateStore, name: string): Promise<ScheduleHistory> {
  const bytes = await state.read(historyPath(name));
  return parseAs(historySchema, bytes?.toString() ?? '') ?? nothing;
}

export async function writeHistory(state: StateStore, name: string, history: ScheduleHistory): Promise<void> {
  await state.write(historyPath(name), `${JSON.stringify(history, undefined, 2)}\n`);
}

/** Pure. Skipped ticks in a row become one event, so that they do not push out the run that they wait for. */
export function withEvent(history: ScheduleHistory, event: ScheduleEvent): ScheduleHistory {
  const last = history.events.at(-1);
  const isRepeated = event.result === 'skipped' && last?.result === 'skipped';
  const before = isRepeated ? history.events.slice(0, -1) : history.events;
  const added = isRepeated ? { ...event, count: last.count + event.count } : event;
  return {
    ...history,
    skipped: history.skipped + (event.result === 'skipped' ? event.count : 0),
    events: [...before, added].slice(-keptEvents),
  };
}

/** The time of the last tick of which something came; 0: none. */
export function lastTakenTick({ events }: ScheduleHistory): number {
  return Math.max(0, ...events.map(({ tick }) => Date.parse(tick)));
}
