import { listReadableRuns, type RunRecord, readRunRecord } from '../../records/run-record.ts';
import { runListQuery, runListSchema, runParams, runViewSchema } from '../api/runs.ts';
import type { Routes, ServeContext } from '../context.ts';
import { noSuchRun } from '../problem.ts';
import { viewRun } from '../view-run.ts';

export const runRoutes: Routes = (context) => async (app) => {
  app.get(
    '/runs',
    {
      schema: {
        summary: 'Runs, the newest first',
        querystring: runListQuery,
        response: { 200: runListSchema },
      },
    },
    async ({ query: { cursor, limit } }) => {
      const { records, unreadable } = await listReadableRuns(context.rollcall.state);
      const from = cursor === undefined ? 0 : records.findIndex(({ id }) => id === cursor) + 1;
      const page = records.slice(from, from + limit);
      const now = new Date();
      return {
        runs: page.map((record) => viewRun(record, { now })),
        unreadable: unreadable.map(({ id, fault }) => ({ id, problem: fault.message })),
        next: from + limit < records.length ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/runs/:id',
    { schema: { summary: 'A run', params: runParams, response: { 200: runViewSchema } } },
    async ({ params: { id } }) => viewRun(await findRun(context, id), { now: new Date() }),
  );
};

/** @throws ProblemError where there is no such run */
export async function findRun({ rollcall }: ServeContext, id: string): Promise<RunRecord> {
  const record = await readRunRecord(rollcall.state, id);
  if (!record) throw noSuchRun();
  return record;
}
