import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { QueueBackend } from '../queue/queue.ts';
import type { RunLines } from '../runs/lines/run-lines.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { ProblemError } from './problem.ts';
import type { RunViews } from './run-views.ts';

/** What a server serves. */
export interface ServeParts {
  readonly rollcall: Rollcall;
  readonly readOnly: boolean;
  /** Aborts when the server closes: what lasts, such as a stream of events, ends then. */
  readonly signal: AbortSignal;
  /** Undefined while the queue is not open: pages that only look are shown without it. */
  openQueue(): QueueBackend | undefined;
}

/** What the routes work with. */
export interface ServeContext extends ServeParts {
  readonly views: RunViews;
  readonly lines: RunLines;
}

/** @throws ProblemError while the queue is not open */
export function queueOf({ openQueue }: ServeParts): QueueBackend {
  const queue = openQueue();
  if (queue) return queue;
  throw new ProblemError(503, 'no-queue', 'The queue does not answer; the log of the server says why.', {
    retryAfterInMs: 3_000,
  });
}

/**
 * A topic's routes. All need the token, and all but GET are refused with `--read-only`, unless a route's `config` says
 * otherwise (`security/guard.ts`). `routes.ts` lists them.
 */
export type Routes = (context: ServeContext) => FastifyPluginAsyncZod;
