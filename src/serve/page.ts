import { existsSync } from 'node:fs';
import { join } from 'node:path';

import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { builtPages } from '../util/built-pages.ts';
import { pagePolicy } from './security/headers.ts';

/** Where `npm run build` puts the page. */
const builtPage = join(builtPages, 'app');

const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>rollcall</title>
<h1>The page is not built</h1>
<p>Run <code>npm run build</code> and start <code>rollcall serve</code> again. The API at <code>/api/v1</code> works without it.</p>
`;

/** The page's own addresses may have a dot, too: ids of runs do. */
const isFile = (path: string) => path.startsWith('assets/') || /^[\w-]+\.\w+$/.test(path);

/**
 * The page and its files. They hold no data and need no token; what is no file is one of the page's own addresses, such
 * as `/runs/x`.
 */
export async function addPage(app: FastifyInstance, folder = builtPage): Promise<void> {
  await app.register(staticFiles, { root: folder, serve: false });
  app.get('/*', { config: { open: true }, schema: { hide: true } }, (request, reply) => {
    reply.header('content-security-policy', pagePolicy);
    if (!existsSync(join(folder, 'index.html')))
      return reply.code(503).type('text/html; charset=utf-8').send(notBuilt);
    const path = (request.params as { '*': string })['*'];
    reply.removeHeader('cache-control');
    return reply.sendFile(isFile(path) ? path : 'index.html');
  });
}
