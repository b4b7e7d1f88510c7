import { z } from 'zod';

export const scheduleListSchema = z.object({
  schedules: z.array(
    z
      .object({
        name: z.string(),
        cron: z.string(),
        tz: z.string(),
        source: z.string(),
        engine: z.string(),
        /** ISO time; null: it is never due. */
        next: z.string().nullable(),
        /** Whether somebody is told of a run that fails. */
        notifies: z.boolean(),
        /** Its latest runs, the newest first. */
        nights: z.array(
          z.object({
            run: z.string(),
            state: z.string(),
            createdAt: z.string(),
            done: z.number(),
            deadLetters: z.number(),
          }),
        ),
      })
      .meta({ id: 'Schedule' }),
  ),
});
export type ScheduleList = z.infer<typeof scheduleListSchema>;
