import { z } from 'zod';

/** What a job of a photo, of several photos, or of a dead letter may have. */
const known = z.object({
  run: z.string().optional(),
  seq: z.number().optional(),
  tries: z.object({ attempts: z.number(), calls: z.number() }).optional(),
  status: z.string().optional(),
  attempts: z.number().optional(),
  photos: z
    .array(z.unknown())
    .transform(({ length }) => length)
    .optional(),
});

/** By number and outcome; whose photo it is and what the engine said, the report says. */
function shown(value: unknown): object {
  const read = known.safeParse(value);
  return read.success ? read.data : {};
}

const numbers = [
  'timestamp',
  'processedOn',
  'finishedOn',
  'delay',
  'priority',
  'attemptsMade',
  'attemptsStarted',
  'stalledCounter',
] as const;

/** A job as BullMQ's `toJSON` gives it, without what people, places or programs are named by. */
export function shownJob(job: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { id, name, data, returnvalue, failedReason } = job;
  return {
    id: String(id),
    name: String(name),
    ...Object.fromEntries(numbers.map((name) => [name, job[name]])),
    data: shown(data),
    opts: {},
    progress: 0,
    stacktrace: [],
    returnvalue: returnvalue ? shown(returnvalue) : null,
    ...(failedReason ? { failedReason: 'crashed: the log of its worker says how' } : {}),
  };
}
