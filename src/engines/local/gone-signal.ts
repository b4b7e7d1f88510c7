import type { FastifyReply } from 'fastify';

/** Aborted when the caller hangs up before it has its answer: what it asked for needs no more work. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('the caller hung up'));
  });
  return controller.signal;
}
