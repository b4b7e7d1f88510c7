import { createHash } from 'node:crypto';
import { z } from 'zod';
import { settingsSchema } from '../../engines/settings.ts';
import { readChangedRun, type WantedChanges } from '../../records/run-changes.ts';
import { writeControl } from '../../records/run-control.ts';
import { isOver, type RunRecord, readRunRecord } from '../../records/run-record.ts';
import { cancelRun } from '../../runs/cancel-run.ts';
import { changeRun } from '../../runs/change-run.ts';
import { oneAtATime } from '../../runs/one-at-a-time.ts';
import { resumeRun } from '../../runs/resume-run.ts';
import { enqueueDeadLetters } from '../../runs/review/retry-dead-letters.ts';
import { readAmount } from '../../util/amount.ts';
import { type RunChange, runChangeSchema, runParams, runViewSchema } from '../api/runs.ts';
import { queueOf, type Routes, type ServeContext } from '../context.ts';
import { findRun } from '../find-run.ts';
import { ProblemError } from '../problem.ts';

export const controlRoutes: Routes = (context) => async (app) => {
  const { rollcall, views, signal } = context;
  const answers = { params: runParams, response: { 202: runViewSchema } };

  app.post(
    '/runs/:id/pause',
    { schema: { summary: 'Pause it: calls in flight are finished', ...answers } },
    async ({ params: { id } }, reply) => {
      const record = await findUnfinished(context, id);
      await writeControl(rollcall.state, id, 'pause');
      return reply.code(202).send(await views.view(record));
    },
  );

  app.post(
    '/runs/:id/resume',
    {
      schema: {
        summary: 'Let a paused run go on with the next worker, also past a canary that was refused',
        ...answers,
      },
    },
    async ({ params: { id } }, reply) => {
      const record = await findUnfinished(context, id);
      queueOf(context);
      const { accountStaysPaused } = await resumeRun(rollcall, record, signal);
      if (accountStaysPaused)
        throw new ProblemError(
          409,
          'account-paused',
          `Its account was paused by hand. To go on: rollcall resume --account ${record.account}`,
        );
      return reply.code(202).send(await views.view(record));
    },
  );

  app.post(
    '/runs/:id/cancel',
    { schema: { summary: 'End it: what is not done is reported as cancelled', ...answers } },
    async ({ params: { id } }, reply) => {
      const record = await findUnfinished(context, id);
      queueOf(context);
      // Durable before the answer; where no process conducts the run, this one ends it.
      await writeControl(rollcall.state, id, 'cancel');
      cancelRun(rollcall, id, signal).catch((error: Error) =>
        rollcall.log.error({ run: id, reason: error.message }, 'the run could not be cancelled yet'),
      );
      return reply.code(202).send(await views.view(record));
    },
  );

  app.patch(
    '/runs/:id',
    {
      schema: {
        summary: 'Change it while it goes on',
        params: runParams,
        body: runChangeSchema,
        response: { 200: runViewSchema },
      },
    },
    async ({ params: { id }, body }) => {
      const record = await findUnfinished(context, id);
      const current = await readChangedRun(rollcall.state, record);
      const wanted = { ...wantedOf(body), ...rulesOf(body, current), ...lowerBudget(body, current) };
      queueOf(context);
      const changed = await changeRun(rollcall, record, { wanted, signal });
      return views.view(changed ?? record);
    },
  );

  app.post(
    '/runs/:id/retry',
    {
      schema: {
        summary: 'A new run of its dead letters',
        params: runParams,
        body: z.strictObject({ which: z.enum(['failed', 'all']).default('failed') }),
        response: { 201: runViewSchema },
      },
    },
    async ({ params: { id }, body: { which } }, reply) => {
      const record = await findRun(context, id);
      return reply.code(201).send(await views.view(await retry(context, record, which)));
    },
  );
};

/** @throws ProblemError for values that the settings do not take */
function wantedOf({ rate, concurrency, stopAfterFailures }: RunChange): WantedChanges {
  if (stopAfterFailures === undefined) return { rate, concurrency };
  const threshold = settingsSchema.stopAfterFailures.type.read.safeParse(String(stopAfterFailures));
  if (threshold.success) return { rate, concurrency, stopAfterFailures: threshold.data };
  throw new ProblemError(400, 'bad-request', `stopAfterFailures: ${threshold.error.issues[0]?.message}`);
}

/** @throws ProblemError for rules that are wrong, or would judge nothing */
function rulesOf({ canaryAccept }: RunChange, { settings, canary }: RunRecord): WantedChanges {
  if (canaryAccept === undefined) return {};
  if (settings.canary === undefined) throw new ProblemError(409, 'no-canary', 'The run has no canary.');
  if (canary?.state === 'accepted')
    throw new ProblemError(409, 'canary-accepted', 'The canary of the run is accepted already.');
  const wanted = settingsSchema.canaryAccept.type.read.safeParse(canaryAccept);
  if (wanted.success) return { canaryAccept: wanted.data };
  throw new ProblemError(400, 'bad-request', `canaryAccept: ${wanted.error.issues[0]?.message}`);
}

/** Money is granted where the credentials are: whoever has the page's token alone may spend less of it, never more. */
function lowerBudget({ budget }: RunChange, { id, settings }: RunRecord): WantedChanges {
  if (budget === undefined) return {};
  if (!settings.price) throw new ProblemError(409, 'no-price', 'The run has no price, and so no budget.');
  const wanted = settingsSchema.budget.type.read.safeParse(String(budget));
  if (!wanted.success)
    throw new ProblemError(400, 'bad-request', `budget: ${wanted.error.issues[0]?.message}`);
  if (settings.budget !== undefined && readAmount(wanted.data) > readAmount(settings.budget))
    throw new ProblemError(
      403,
      'budget-not-raised',
      `A client may lower a budget. To raise it: rollcall set ${id} --budget ${wanted.data}`,
    );
  return { budget: wanted.data };
}

async function findUnfinished(context: ServeContext, id: string): Promise<RunRecord> {
  const record = await findRun(context, id);
  if (isOver(record)) throw new ProblemError(409, 'run-over', `The run is ${record.state} already.`);
  return record;
}

/** One at a time: whoever asks twice while the first is not over must not pay for the same photos twice. */
async function retry(context: ServeContext, record: RunRecord, which: 'failed' | 'all'): Promise<RunRecord> {
  const { rollcall, signal } = context;
  const { state } = rollcall;
  const subject = { source: { address: `retry of ${record.id}` }, account: record.account };
  return oneAtATime(queueOf(context).leases, subject, signal, async () => {
    for (let turn = 1; ; turn += 1) {
      const runId = retryIdOf(record.id, turn);
      const earlier = await readRunRecord(state, runId);
      if (earlier && !isOver(earlier))
        throw new ProblemError(409, 'retry-under-way', `Run ${runId} retries them already.`);
      if (earlier) continue;
      if (!(await enqueueDeadLetters(rollcall, record, { which, runId, signal })))
        throw new ProblemError(409, 'nothing-to-retry', 'It has no such dead letters.');
      return findRun(context, runId);
    }
  });
}

/** Ids have 64 characters at most. */
function retryIdOf(runId: string, turn: number): string {
  const id = `${runId}-retry-${turn}`;
  return id.length <= 64
    ? id
    : `${createHash('sha256').update(runId).digest('hex').slice(0, 32)}-retry-${turn}`;
}
