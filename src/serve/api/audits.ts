import { z } from 'zod';
import { auditRecordSchema } from '../../records/audit/audit-record.ts';
import { auditSummarySchema } from '../../records/audit/audit-summary.ts';

const { id, state, sample, createdAt } = auditRecordSchema.shape;
const { finishedAt, total, findings, byStatus, bound } = auditSummarySchema.shape;

/** The newest audit of an account, without names. */
export const auditViewSchema = z
  .object({
    ...{ id, state, sample, createdAt },
    /** Null while it asks. */
    result: z.object({ finishedAt, total, findings, byStatus, bound }).nullable(),
  })
  .meta({ id: 'Audit' });
export type AuditView = z.infer<typeof auditViewSchema>;
