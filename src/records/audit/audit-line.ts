import { z } from 'zod';
import { outcomeSchema } from '../report/report-line.ts';

export const auditStatuses = [
  'present',
  'missing',
  'changed',
  'shadowed',
  'unknown',
  'forgotten-gone',
  'forgotten-found',
  'undone-gone',
  'undone-found',
] as const;
export type AuditStatus = (typeof auditStatuses)[number];

/** Why nothing could be said of a subject. */
export const auditReasons = [
  'photo-gone',
  'photo-changed',
  'not-comparable',
  'no-answer',
  'refused',
  'contradiction',
  'overtaken',
] as const;

/**
 * One line of an audit: whether the engine holds what the ledger says of a subject, as its own photo was answered. The
 * fields stand in this order; what does not apply is absent.
 */
export const auditLineSchema = z.object({
  schema: z.literal('rollcall.audit/1'),
  audit: z.string(),
  /** Place among the chosen subjects, from 1. */
  seq: z.number().int().positive(),
  /** Who must not be found: `forgotten`, somebody on the forget list; `undone`, whose template an undoing deleted. */
  about: z.enum(['held', 'forgotten', 'undone']),
  /** Absent of a forgotten one who is gone. */
  subjectId: z.string().optional(),
  /** Without signature or password. */
  photo: z.string().optional(),
  version: z.string().optional(),
  templateId: z.string().optional(),
  /** Who chose the template's id, as in the ledger; absent: it follows from the subject. */
  templateIdFrom: z.enum(['manifest', 'engine']).optional(),
  /** What the ledger calls the source that the photo was listed in. */
  source: z.string().optional(),
  /** The run that enrolled it, as far as the ledger says. */
  run: z.string().optional(),
  /** ISO time of the engine's answer when it was enrolled; of somebody undone, when that was. */
  enrolledAt: z.string().optional(),
  /**
   * `present`: its own template answers. `missing`: nobody does. `changed`: its own template answers below the threshold, or
   * shows somebody else. `shadowed`: another template answers. `unknown`: see `reason`. `forgotten-gone`, `forgotten-found`:
   * of somebody who is forgotten; `undone-gone`, `undone-found`: of somebody who was undone.
   */
  status: z.enum(auditStatuses),
  /**
   * Of an unknown one. `not-comparable`: no SHA-256 was noted, and the photo there is not answered by its template.
   * `refused`: the engine's verdict on the photo, see `error`. `contradiction`: two calls said opposite things.
   * `overtaken`: a later run or erasure changed it while the audit went on.
   */
  reason: z.enum(auditReasons).optional(),
  /** Of its own template, where the engine says. */
  similarity: z.number().optional(),
  /** The other template that answered; `subjectId`: whose it is by the ledger; `forgotten`: it was to be erased. */
  answeredBy: z
    .object({
      templateId: z.string(),
      similarity: z.number(),
      subjectId: z.string().optional(),
      forgotten: z.literal(true).optional(),
    })
    .optional(),
  error: outcomeSchema.shape.error,
  transactionId: z.string().optional(),
  /** Calls that were answered or sent in vain, by kind. */
  verifications: z.number().int().optional(),
  identifications: z.number().int().optional(),
  /** ISO time. */
  finishedAt: z.string(),
});
export type AuditLine = z.infer<typeof auditLineSchema>;

/** Whether somebody has to look at it: who was enrolled anew meanwhile is for the next audit. */
export const isFinding = ({ status, reason }: Pick<AuditLine, 'status' | 'reason'>): boolean =>
  status === 'unknown' ? reason !== 'overtaken' : !asItShouldBe.includes(status);

const asItShouldBe: readonly AuditStatus[] = ['present', 'forgotten-gone', 'undone-gone'];
