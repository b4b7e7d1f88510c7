import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { parseAs } from '../util/json-text.ts';
import { fileNameOf } from '../util/process-name.ts';
import { runFolderOf } from './run-record.ts';

/** Why a run was paused. Never in words: those of an engine or a source may name people. */
export const pauseCauses = [
  'by-hand',
  'budget',
  'failures',
  'canary',
  'implausible',
  'source',
  'account-refused',
  'account-throttled',
  'account-down',
  'account-user',
] as const;
export type PauseCause = (typeof pauseCauses)[number];

const what = z.discriminatedUnion('kind', [
  /** By the first conductor; by one after a pause; by one whose predecessor had stopped or died. */
  z.object({ kind: z.literal('started') }),
  z.object({ kind: z.literal('resumed') }),
  z.object({ kind: z.literal('took-over') }),
  z.object({ kind: z.literal('paused'), cause: z.enum(pauseCauses) }),
  /** The account's calls: slowed down or held back; not answered; at the full rate again. */
  z.object({ kind: z.literal('throttled') }),
  z.object({ kind: z.literal('engine-down') }),
  z.object({ kind: z.literal('engine-up') }),
  /** Settings that were changed while it went on (`rollcall set`, `PATCH`), and from then on are these. */
  z.object({
    kind: z.literal('changed'),
    rate: z.number().optional(),
    concurrency: z.number().optional(),
    /** As it is written: `100`, `50%`. */
    stopAfterFailures: z.string().optional(),
    /** As it is written: `rejected<=5%`. */
    canaryAccept: z.string().optional(),
    budget: z.string().optional(),
  }),
  /** Its canary was accepted: the rest of its photos goes on. */
  z.object({ kind: z.literal('canary-accepted') }),
  /** The conductor was asked to leave; the run can go on. */
  z.object({ kind: z.literal('interrupted') }),
  /** `code`: of the error, such as `state`. */
  z.object({ kind: z.literal('fault'), code: z.string() }),
  z.object({ kind: z.literal('ended'), state: z.enum(['finished', 'cancelled']) }),
]);
/** What happened to a run. */
export type RunHappening = z.infer<typeof what>;

const frame = z.object({
  schema: z.literal('rollcall.event/1'),
  /** ISO time, by the clock of the machine that wrote it. */
  at: z.string(),
});

/**
 * A line of `events/<writer>-<n>.jsonl`: a process has a file for each time that it took the run over, `n` being the
 * run's epoch, so that no two write into one. It holds no subject, path or key.
 */
const runEventSchema = z.intersection(frame, what);
export type RunEventLine = z.infer<typeof runEventSchema>;

const eventsFolder = (runId: string) => `${runFolderOf(runId)}/events`;

/** `writer`: the name of a process. */
export const eventsPath = (runId: string, { writer, epoch }: { writer: string; epoch: number }) =>
  `${eventsFolder(runId)}/${fileNameOf(writer)}-${epoch}.jsonl`;

export const eventLine = (happening: RunHappening, at = new Date()): string =>
  `${JSON.stringify({ schema: 'rollcall.event/1', at: at.toISOString(), ...happening })}\n`;

/** What happened to a run, in the order of time; kinds of a later version are passed over. */
export async function readRunEvents(state: StateStore, runId: string): Promise<RunEventLine[]> {
  const events: RunEventLine[] = [];
  for (const { name } of await state.list(eventsFolder(runId))) {
    for await (const lines of state.readLines(`${eventsFolder(runId)}/${name}`))
      events.push(...lines.flatMap(({ text }) => parseAs(runEventSchema, text) ?? []));
  }
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
