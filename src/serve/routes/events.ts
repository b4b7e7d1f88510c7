import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { packageVersion } from '../../util/version.ts';
import { type RunDetail, runParams } from '../api/runs.ts';
import type { Routes, ServeContext } from '../context.ts';
import { findRun } from '../find-run.ts';
import { ProblemError } from '../problem.ts';

const lookEveryInMs = 1_000;
/** An engine that stops answering is seen within two seconds, wherever the state is: this asks the queue alone. */
const healthEveryInMs = 250;
const pingEveryInMs = 10_000;
const mostStreams = 100;
/** Whoever connects has these, and what changes from then on. */
const shownAtFirst = 100;

/** Server-sent events: what changed, once a second; how the engine is, at once. Whoever is slow misses states in between, never the latest. */
export const eventRoutes: Routes = (context) => async (app) => {
  let streams = 0;
  app.get(
    '/events',
    {
      schema: {
        summary: 'What changes, as server-sent events: hello, runs, run, ping',
        querystring: z.strictObject({ run: runParams.shape.id.optional() }),
        response: { 200: z.string().describe('text/event-stream') },
      },
    },
    async ({ query: { run } }, reply) => {
      if (run !== undefined) await findRun(context, run);
      if (streams >= mostStreams)
        throw new ProblemError(503, 'too-many-streams', `${mostStreams} streams of events are open.`);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store, no-transform',
      });
      const gone = new AbortController();
      raw.once('close', () => gone.abort());
      streams += 1;
      try {
        await follow(context, { raw, run, signal: AbortSignal.any([gone.signal, context.signal]) });
      } catch (error) {
        context.rollcall.log.debug({ reason: (error as Error).message }, 'a stream of events ended');
      } finally {
        streams -= 1;
        raw.end();
      }
    },
  );
};

async function follow(
  context: ServeContext,
  { raw, run, signal }: { raw: ServerResponse; run: string | undefined; signal: AbortSignal },
): Promise<void> {
  const { views, readOnly, rollcall } = context;
  const send = async (event: string, data: unknown) => {
    if (!raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
      await once(raw, 'drain', { signal });
  };
  const changedRuns = createChangeFilter();
  const changedRun = createChangeFilter();
  // On S3 each look is a request.
  const lookEvery = Math.max(lookEveryInMs, 5 * rollcall.state.writeEveryInMs);
  let pingedAt = performance.now();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let detail: RunDetail | undefined;

  async function look(isFirst: boolean): Promise<void> {
    const { runs } = await views.list();
    const changed = runs.filter((view) => changedRuns.isNew(view.id, view));
    const shown = isFirst ? changed.slice(0, shownAtFirst) : changed;
    if (shown.length > 0) await send('runs', shown);
    if (run === undefined) return;
    const { settings: _, ...found } = await views.detail(await findRun(context, run));
    detail = found;
  }

  let queue: string | undefined;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const now = performance.now();
    const queueNow = context.openQueue() ? 'open' : 'away';
    if (queueNow !== queue) {
      queue = queueNow;
      await send('hello', { readOnly, version: packageVersion, queue });
    }
    if (now - lookedAt >= lookEvery - healthEveryInMs / 2) {
      lookedAt = now;
      await look(isFirst);
    } else if (detail) detail = { ...detail, engineHealth: await views.healthNow(detail.engineHealth) };
    if (detail && changedRun.isNew(detail.id, detail)) await send('run', detail);
    if (now - pingedAt > pingEveryInMs) {
      pingedAt = now;
      await send('ping', {});
    }
    const isUnderWay = detail && detail.state !== 'finished' && detail.state !== 'cancelled';
    await delay(isUnderWay ? healthEveryInMs : lookEvery, undefined, { signal });
  }
}

function createChangeFilter() {
  const last = new Map<string, { readonly value: unknown; readonly text: string }>();
  return {
    isNew(key: string, value: unknown): boolean {
      const before = last.get(key);
      if (before?.value === value) return false;
      const text = JSON.stringify(value);
      last.set(key, { value, text });
      return before?.text !== text;
    },
  };
}
