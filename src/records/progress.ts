import { z } from 'zod';
import { canarySchema } from './canary.ts';
import { moneySchema } from './money.ts';
import { statuses } from './report/report-line.ts';

export const progressSchemaName = 'rollcall.progress/1';

/** A line of `run --progress json`: how a run goes, once a second. Every line has every field; null: not known. */
export const progressSchema = z.object({
  schema: z.literal(progressSchemaName),
  run: z.string(),
  /** `listing`: active, and its list still grows. `interrupted`: this process left it. Else as in `run.json`. */
  state: z.enum(['listing', 'active', 'paused', 'interrupted', 'finished', 'cancelled']),
  /** Photos found so far. */
  listed: z.number(),
  done: z.number(),
  /** Of the whole list; null while it grows. */
  total: z.number().nullable(),
  /** Empty where another process writes the report; so is `byCode`. */
  byStatus: z.partialRecord(z.enum(statuses), z.number()),
  /** Photos with an error, by the engine's code, else by the kind of the error. */
  byCode: z.record(z.string(), z.number()),
  /** Calls a second over the last seconds, of all processes. */
  rateNow: z.number(),
  /** Calls a second allowed now, over all processes. */
  rateLimit: z.number(),
  /** Calls of this process. */
  inFlight: z.number(),
  retries: z.number(),
  /** For the photos listed so far; null where nothing moves. */
  etaSeconds: z.number().nullable(),
  waitsFor: z.string().nullable(),
  /** Null: the run has no `--price`. */
  money: moneySchema.nullable(),
  /** The sample that is called before the rest is; null: the run has no `--canary`, or another process conducts it. */
  canary: canarySchema.nullable(),
});
export type Progress = z.infer<typeof progressSchema>;
