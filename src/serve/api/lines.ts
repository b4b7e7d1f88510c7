import { z } from 'zod';
import { statuses } from '../../records/report/report-line.ts';
import { runParams } from './runs.ts';

/** A line as the report has it (`rollcall.report/1`), with whatever an engine said. */
const lineSchema = z.looseObject({ seq: z.number(), status: z.enum(statuses) });

const statusList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(statuses)));

export const linesQuery = z.strictObject({
  /** One, or several with commas between them. */
  status: statusList.optional(),
  /** The engine's code, else the kind of the error. */
  code: z.string().max(200).optional(),
  /** Text in subject, photo, reason, ids or metadata. */
  q: z.string().max(500).optional(),
  /** `next` of the page before. */
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const linePageSchema = z.object({
  /** By seq. Fewer than asked for, even none, where looking took its time: ask on with `next`. */
  lines: z.array(lineSchema),
  next: z.string().nullable(),
  /** Lines that were looked at up to this page, of how many. */
  looked: z.number(),
  total: z.number(),
});

export const lineParams = runParams.extend({ seq: z.coerce.number().int().positive() });

export const lineDetailSchema = z.object({
  line: lineSchema,
  /** What became of the subject in earlier runs of the account, the newest first; as far as a short look finds them. */
  history: z.array(
    z.object({
      run: z.string(),
      status: z.enum(statuses),
      code: z.string().nullable(),
      finishedAt: z.string(),
    }),
  ),
  /** Of a dead letter: what its code means and what helps. */
  meaning: z.object({ text: z.string(), helps: z.string() }).nullable(),
});
