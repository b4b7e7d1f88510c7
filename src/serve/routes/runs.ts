import { Readable } from 'node:stream';
import { z } from 'zod';
import { readRunReport } from '../../runs/look-at-runs.ts';
import { runDetailSchema, runListQuery, runListSchema, runParams } from '../api/runs.ts';
import type { Routes } from '../context.ts';
import { findRun } from '../find-run.ts';
import { ProblemError } from '../problem.ts';

export const runRoutes: Routes = (context) => async (app) => {
  const { rollcall, views } = context;

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
      const { runs, unreadable } = await views.list();
      const from = cursor === undefined ? 0 : runs.findIndex(({ id }) => id === cursor) + 1;
      // Begun again in silence, a list of pages would never end.
      if (cursor !== undefined && from === 0)
        throw new ProblemError(
          400,
          'bad-cursor',
          'The run of this cursor is not there any more: begin again without one.',
        );
      const page = runs.slice(from, from + limit);
      return {
        runs: page,
        unreadable: unreadable.map(({ id, fault }) => ({ id, problem: fault.message })),
        next: from + limit < runs.length ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/runs/:id',
    { schema: { summary: 'A run', params: runParams, response: { 200: runDetailSchema } } },
    async ({ params: { id } }) => views.detail(await findRun(context, id)),
  );

  app.get(
    '/runs/:id/report',
    {
      schema: {
        summary: 'Its report: a JSON line for each photo that is done',
        params: runParams,
        response: { 200: z.string().describe('JSON lines (application/jsonl)') },
      },
    },
    async ({ params: { id } }, reply) => {
      await findRun(context, id);
      return reply
        .type('application/jsonl')
        .send(Readable.from(jsonLines(readRunReport(rollcall, id))) as never);
    },
  );
};

async function* jsonLines(lines: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
