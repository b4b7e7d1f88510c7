import { groupOf } from '../../conductor/what-helps.ts';
import { isDeadLetter, type ReportLine } from '../../records/report/report-line.ts';
import { listReadableRuns, type RunRecord } from '../../records/run-record.ts';
import { lineDetailSchema, linePageSchema, lineParams, linesQuery } from '../api/lines.ts';
import { runParams } from '../api/runs.ts';
import type { Routes, ServeContext } from '../context.ts';
import { findRun } from '../find-run.ts';
import { ProblemError } from '../problem.ts';

const shownEarlierRuns = 10;
const historyWithinInMs = 1_000;

export const lineRoutes: Routes = (context) => async (app) => {
  const { lines } = context;

  app.get(
    '/runs/:id/lines',
    {
      schema: {
        summary: 'Its lines by seq, those that match',
        params: runParams,
        querystring: linesQuery,
        response: { 200: linePageSchema },
      },
    },
    async ({ params: { id }, query: { status, q, ...query } }) => {
      const page = await lines.page(await findRun(context, id), { ...query, statuses: status, text: q });
      return { ...page, lines: [...page.lines] };
    },
  );

  app.get(
    '/runs/:id/lines/:seq',
    {
      schema: {
        summary: 'A line, and what became of its subject before',
        params: lineParams,
        response: { 200: lineDetailSchema },
      },
    },
    async ({ params: { id, seq } }) => {
      const record = await findRun(context, id);
      const line = await lines.line(record, seq);
      if (!line) throw new ProblemError(404, 'no-line', 'There is no such line, or not yet.');
      return { line, history: await historyOf(line, record, context), meaning: meaningOf(line) };
    },
  );
};

function meaningOf(line: ReportLine) {
  if (!isDeadLetter(line)) return null;
  const { meaning, remedy } = groupOf(line);
  return { text: meaning, helps: remedy };
}

/** In the latest runs of the account before this one. */
async function historyOf({ subjectId }: ReportLine, run: RunRecord, { rollcall, lines }: ServeContext) {
  if (subjectId === undefined) return [];
  const { records } = await listReadableRuns(rollcall.state);
  const earlier = records
    .filter(({ account, createdAt }) => account === run.account && createdAt < run.createdAt)
    .slice(0, shownEarlierRuns);
  const until = performance.now() + historyWithinInMs;
  const history = [];
  for (const record of earlier) {
    if (performance.now() > until) break;
    const { lines: found } = await lines.page(record, { text: subjectId, limit: 20 });
    const own = found.filter((line) => line.subjectId === subjectId);
    history.push(...own.map((line) => entryOf(record, line)));
  }
  return history;
}

const entryOf = ({ id }: RunRecord, { status, error, finishedAt }: ReportLine) => ({
  ...{ run: id, status, finishedAt },
  code: error?.code ?? error?.kind ?? null,
});
