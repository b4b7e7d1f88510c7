import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { QueueBackend, QueueBoard } from '../../queue/queue.ts';
import { isOver, listReadableRuns } from '../../records/run-record.ts';
import { boardPackages, boardPath, openBoard } from '../board/open-board.ts';
import { queueOf, type Routes, type ServeParts } from '../context.ts';

/** Each has a connection on Redis. */
const mostRuns = 20;

/** The queues of the newest runs that are not over, and the dead letters, in bull-board. */
export const queueRoutesOf =
  (open: typeof openBoard) =>
  (context: ServeParts): FastifyPluginAsyncZod =>
  async (app) => {
    const board = await open();
    if (!board) {
      for (const path of [boardPath, `${boardPath}/*`])
        app.get(path, (_request, reply) => sayWhatToInstall(reply));
      return;
    }
    let shown: { of: QueueBackend; board: QueueBoard } | undefined;
    app.addHook('onRequest', async ({ headers }, reply) => {
      reply.header('content-security-policy', policyFor(headers.host));
    });
    app.addHook('preHandler', async ({ routeOptions }) => {
      if (!routeOptions.url?.startsWith(`${boardPath}/api/`)) return;
      const queue = queueOf(context);
      if (shown?.of !== queue) shown = { of: queue, board: queue.openBoard() };
      const { records } = await listReadableRuns(context.rollcall.state);
      const open = records.filter((run) => !isOver(run)).slice(0, mostRuns);
      board.show(shown.board.queuesOf(open.map(({ id }) => id)));
    });
    await app.register(board.routes, { prefix: boardPath });
  };

export const queueRoutes: Routes = queueRoutesOf(openBoard);

/**
 * Its scripts may ask for nothing but the queues: they are of others, and have the session. The styles that stand in the
 * page itself and the font from elsewhere are not loaded; it is seen to work without.
 */
function policyFor(host = ''): string {
  // A policy cannot name an IPv6 address.
  const at = (path: string) => (host.includes('[') ? "'self'" : `${host}${boardPath}/${path}`);
  return [
    "default-src 'none'",
    `script-src ${at('static/')}`,
    `style-src ${at('static/')}`,
    `img-src ${at('static/')} data:`,
    `font-src ${at('static/')}`,
    `connect-src ${at('api/')} ${at('static/')}`,
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function sayWhatToInstall(reply: FastifyReply) {
  return reply
    .code(503)
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Queues of rollcall</title>
<h1>The page of the queues is not installed</h1>
<p>Run <code>npm install ${boardPackages}</code> and start <code>rollcall serve</code> again.</p>
`);
}
