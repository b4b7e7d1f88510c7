import { listReadableRuns } from '../../records/run-record.ts';
import { listSchedules } from '../../schedule/list-schedules.ts';
import { scheduleListSchema } from '../api/schedules.ts';
import type { Routes } from '../context.ts';

const shownNights = 60;

export const scheduleRoutes: Routes =
  ({ rollcall }) =>
  async (app) => {
    app.get(
      '/schedules',
      { schema: { summary: 'Schedules with their latest runs', response: { 200: scheduleListSchema } } },
      async () => {
        const [schedules, { records }] = await Promise.all([
          listSchedules(rollcall),
          listReadableRuns(rollcall.state),
        ]);
        return {
          schedules: schedules.map(({ name, cron, tz, source, engine, nextAt, onFailure }) => ({
            ...{ name, cron, tz, source, engine },
            next: nextAt ?? null,
            notifies: onFailure !== undefined,
            nights: records
              .filter(({ schedule }) => schedule === name)
              .slice(0, shownNights)
              .map(({ id, state, createdAt, counts: { done, deadLetters } }) => ({
                ...{ run: id, state, createdAt, done, deadLetters },
              })),
          })),
        };
      },
    );
  };
