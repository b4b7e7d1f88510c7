import { z } from 'zod';
import { auditViewSchema } from './audits.ts';
import { coverageViewSchema } from './coverages.ts';

export const accountViewSchema = z
  .object({
    account: z.string(),
    engine: z.string(),
    engineUrl: z.string(),
    /** `unknown`: the queue does not say. */
    health: z.enum(['up', 'throttled', 'down', 'paused', 'unknown']),
    /** Why it is not up. */
    reason: z.string().nullable(),
    /** ISO time of the next try; null: nobody knows, or a person has to do something. */
    until: z.string().nullable(),
    /** Calls a second at most, as its processes were told. */
    rateLimit: z.number().nullable(),
    /** Calls a second of its runs. */
    rateNow: z.number().nullable(),
    /** Its runs that are not over. */
    runs: z.array(z.string()),
  })
  .meta({ id: 'Account' });
export type AccountView = z.infer<typeof accountViewSchema>;

/** With what an audit found last (null: there was none), and `rollcall coverage` of each list of people. */
export const auditedAccountSchema = accountViewSchema
  .extend({ audit: auditViewSchema.nullable(), coverage: z.array(coverageViewSchema) })
  .meta({ id: 'AuditedAccount' });
export type AuditedAccount = z.infer<typeof auditedAccountSchema>;

export const accountListSchema = z.object({ accounts: z.array(auditedAccountSchema) });
