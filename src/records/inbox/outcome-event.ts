import { z } from 'zod';
import { type ReportLine, reportLineSchema } from '../report/report-line.ts';

/** What an inbox's webhook is told: the outcome of one photo. */
export const outcomeEventSchema = z.object({
  type: z.literal('photo.done'),
  /** ISO time of the outcome. */
  timestamp: z.string(),
  data: z.object({
    inbox: z.string(),
    /** `run` and `seq` are those that the photo was answered with when it was given. */
    run: z.string(),
    seq: z.number().int().positive(),
    /** As it stands in the report. */
    line: reportLineSchema,
  }),
});
export type OutcomeEvent = z.infer<typeof outcomeEventSchema>;

export const outcomeEvent = (inbox: string, line: ReportLine): OutcomeEvent => ({
  type: 'photo.done',
  timestamp: line.finishedAt,
  data: { inbox, run: line.run, seq: line.seq, line },
});
