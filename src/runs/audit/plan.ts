import { z } from 'zod';
import { auditLineSchema } from '../../records/audit/audit-line.ts';
import { answersPathOf, planPathOf, readWholeLines } from '../../records/audit/audit-record.ts';
import { outcomeSchema } from '../../records/report/report-line.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

const { seq, about, photo, version, source, run, enrolledAt, finishedAt } = auditLineSchema.shape;
const { templateIdFrom, verifications, identifications, transactionId } = auditLineSchema.shape;

/** A line of `plan.jsonl`: somebody who is to be asked about, as the ledger had it when the audit began. */
const plannedSchema = z.object({
  ...{ seq, about, version, templateIdFrom, source, run, enrolledAt, photo },
  subjectId: z.string(),
  templateId: z.string(),
  sha256: outcomeSchema.shape.sha256,
});
export type PlannedSubject = z.infer<typeof plannedSchema>;

/** What the engine said; what it means is decided when the ledger was looked at once more. */
const answerSchema = z.object({
  /** By verification: whom its own template shows. */
  verified: z.enum(['same', 'other', 'no-template']).optional(),
  /** Of the comparison with its own template. */
  similarity: z.number().optional(),
  /** By identification: absent where nobody was looked for, null where nobody was named. */
  best: z.object({ templateId: z.string(), similarity: z.number() }).nullable().optional(),
  /** Why there is no answer, or no second one. */
  reason: auditLineSchema.shape.reason,
  error: outcomeSchema.shape.error,
  ...{ verifications, identifications, transactionId, finishedAt },
});
export type Answer = z.infer<typeof answerSchema>;

/** A line of `answers.jsonl`. */
const answeredSchema = plannedSchema.extend({ answer: answerSchema });
export type AnsweredSubject = z.infer<typeof answeredSchema>;

/** @throws FaultError where a line is damaged */
export const readPlan = (state: StateStore, id: string): AsyncGenerator<PlannedSubject> =>
  readWholeLines(state, planPathOf(id), { schema: plannedSchema, torn: true });

/** @throws FaultError where a line is damaged */
export const readAnswers = (state: StateStore, id: string): AsyncGenerator<AnsweredSubject> =>
  readWholeLines(state, answersPathOf(id), { schema: answeredSchema });
