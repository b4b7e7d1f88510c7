import swagger from '@fastify/swagger';
import { type FastifyInstance, fastify } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { createRunLines } from '../runs/lines/run-lines.ts';
import { packageVersion } from '../util/version.ts';
import { watchMethods } from './allowed-methods.ts';
import { createBrokenRequests } from './broken-requests.ts';
import type { ServeContext, ServeParts } from './context.ts';
import { addPage } from './page.ts';
import { addProblems, answerUnroutable, problemSchema } from './problem.ts';
import { addJsonBodies } from './read-json.ts';
import { sessionRoutes } from './routes/session.ts';
import { apiRoutes, otherRoutes } from './routes.ts';
import { createRunViews } from './run-views.ts';
import { addGuard, type GuardOptions } from './security/guard.ts';
import { addHeaders } from './security/headers.ts';
import { refuseHeaders } from './security/refused-headers.ts';

const apiPath = '/api/v1';
const requestTimeoutInMs = 60_000;

/** Page and API as a server that listens nowhere yet. Its log has no token, no subject and no query. */
export async function createServeApp(
  parts: ServeParts,
  guard: GuardOptions,
  { pageFolder }: { pageFolder?: string } = {},
): Promise<FastifyInstance> {
  const lines = createRunLines(parts.rollcall.state);
  const context: ServeContext = { ...parts, lines, views: createRunViews({ ...parts, lines }) };
  const { log, state } = parts.rollcall;
  const broken = createBrokenRequests();
  const app = fastify({
    logger: false,
    requestTimeout: requestTimeoutInMs,
    // Streams of events last as long as their page is open.
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    frameworkErrors: answerUnroutable,
    clientErrorHandler: broken.answer,
    routerOptions: { maxParamLength: 500 },
  });
  app.server.on('request', broken.note);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const { statusCode: status, elapsedTime } = reply;
    log.info({ method, route: routeOptions.url ?? 'none', status, ms: Math.round(elapsedTime) }, 'answered');
  });
  addHeaders(app);
  addGuard(app, guard);
  refuseHeaders(app);
  addJsonBodies(app);
  addProblems(app, { log, hidden: state.locate(''), methodsOf: watchMethods(app) });
  app.get('/health', { config: { open: true }, exposeHeadRoute: true }, async () => ({ status: 'ok' }));
  await app.register(describedApi(context, guard), { prefix: apiPath });
  for (const routes of otherRoutes) await app.register(routes(context));
  // What is not there below `/api` is no address of the page.
  app.all('/api/*', (_request, reply) => reply.callNotFound());
  await addPage(app, pageFolder);
  return app;
}

function describedApi(context: ServeContext, guard: GuardOptions) {
  return async (api: FastifyInstance) => {
    api.addHook('onRoute', ({ schema }) => {
      if (!schema) return;
      schema.response = { default: problemSchema, ...(schema.response as object) };
      // What a route does not know is a mistake, and is said.
      schema.querystring ??= z.strictObject({});
    });
    await api.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: 'rollcall', version: packageVersion },
        servers: [{ url: '/' }],
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
        security: [{ token: [] }],
      },
      transform: jsonSchemaTransform,
      transformObject: jsonSchemaTransformObject,
    });
    await api.register(sessionRoutes(guard));
    for (const routes of apiRoutes) await api.register(routes(context));
    api.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
      reply.serializer(JSON.stringify).send(api.swagger()),
    );
  };
}
