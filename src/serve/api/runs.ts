import { z } from 'zod';
import { canarySchema } from '../../records/canary.ts';
import { moneySchema } from '../../records/money.ts';
import { aggregatesSchema } from '../../records/report/run-aggregates.ts';
import { undoneSchema } from '../../records/undo/undone.ts';
import { accountViewSchema } from './accounts.ts';

/** A run in a list. */
export const runViewSchema = z
  .object({
    id: z.string(),
    /** `listing`: an active one whose list still grows. */
    state: z.enum(['listing', 'active', 'paused', 'finished', 'cancelled']),
    createdAt: z.string(),
    updatedAt: z.string(),
    source: z.string(),
    engine: z.string(),
    account: z.string(),
    schedule: z.string().optional(),
    /** Of a paused run: what has to be done. Of an active one: what its account waits for. */
    waitsFor: z.string().nullable(),
    listed: z.number(),
    /** Once the list has ended. */
    total: z.number().nullable(),
    done: z.number(),
    deadLetters: z.number(),
    calls: z.number(),
    /** Calls a second over the last minute; null: no process works on it. */
    rateNow: z.number().nullable(),
    /** Calls a second at most; null: its processes say. */
    rateLimit: z.number().nullable(),
    /** For the photos that are listed; null: not known. */
    etaSeconds: z.number().nullable(),
    /** Processes that work on it. */
    workers: z.number(),
    /** What it costs, as decimals; null: it has no price. */
    money: moneySchema.nullable(),
  })
  .meta({ id: 'Run' });
export type RunView = z.infer<typeof runViewSchema>;

export const runListSchema = z.object({
  runs: z.array(runViewSchema),
  /** Runs whose `run.json` is damaged, or belongs to another user. */
  unreadable: z.array(z.object({ id: z.string(), problem: z.string() })),
  /** The cursor of the next page. */
  next: z.string().nullable(),
});

export type RunList = z.infer<typeof runListSchema>;

export const runListQuery = z.strictObject({
  /** `next` of the page before. */
  cursor: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});

export const runParams = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .max(64),
});

const changeableSchema = z.object({
  rate: z.number(),
  /** Calls in flight in each process. */
  concurrency: z.number(),
  /** A count of dead letters, or a share of the last 1,000 outcomes (`50%`). */
  stopAfterFailures: z.union([z.number(), z.string()]),
});

export const runDetailSchema = runViewSchema
  .extend({
    /** Absent in events. */
    settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    /** What `PATCH` changes while it runs. */
    changeable: changeableSchema,
    /** Processes that work on it. */
    processes: z.array(z.object({ name: z.string(), host: z.string(), since: z.string() })),
    /** Of a run with `--canary`. */
    canary: canarySchema.optional(),
    /** Of one that was undone. */
    undone: undoneSchema.optional(),
    /** What happened to it (`rollcall.event/1`). */
    events: z.array(z.looseObject({ at: z.string(), kind: z.string() })),
    /** What pictures of it are drawn from (`rollcall.aggregates/1`); of one under way: of the lines that were read. */
    aggregates: aggregatesSchema,
    /** What each code of the aggregates means, and what helps. */
    meanings: z.record(z.string(), z.object({ text: z.string(), helps: z.string() })),
    /** Once it is over (`rollcall.summary/1`). */
    summary: z.looseObject({}).nullable(),
    engineHealth: accountViewSchema,
  })
  .meta({ id: 'RunDetail' });
export type RunDetail = z.infer<typeof runDetailSchema>;

/** What may be changed of a run while it goes on; what is absent stays. */
export const runChangeSchema = z
  .strictObject({
    rate: z.number().positive().max(10_000).optional(),
    concurrency: z.number().int().min(1).max(1_000).optional(),
    stopAfterFailures: z.union([z.number(), z.string()]).optional(),
    /** Of a run whose canary is not accepted yet: `rejected<=5%,failed<=1%`. Judged anew when the run goes on. */
    canaryAccept: z.string().optional(),
    /** Of a run with a price; lower than before: only the server's own command line raises it. */
    budget: z.union([z.number(), z.string()]).optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing is to be changed');
export type RunChange = z.infer<typeof runChangeSchema>;
