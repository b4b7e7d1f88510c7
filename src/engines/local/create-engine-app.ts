import multipart from '@fastify/multipart';
import { type FastifyInstance, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { HttpsPhotoReader } from '../../photos/places/https-photo.ts';
import { addChaos, type Chaos } from './chaos.ts';
import type { FaceReader } from './faces/face-reader.ts';
import { ootoRoutes } from './ooto-routes.ts';
import type { TemplateStore } from './templates/template-store.ts';
import { verihubsRoutes } from './verihubs-routes.ts';

/** A photo of 80 megapixels is about 30 MB. */
const bodyLimitInBytes = 50 * 1024 * 1024;
const bodiesLimitInBytes = 4 * bodyLimitInBytes;
const requestTimeoutInMs = 60_000;

export interface EngineAppOptions {
  readonly reader: FaceReader;
  readonly store: TemplateStore;
  readonly https: HttpsPhotoReader;
  /** Requests that are here at once; more are answered 503. */
  readonly maxRequests: number;
  readonly chaos?: Chaos | undefined;
  readonly log: Logger;
}

/** The engine as a server that listens nowhere yet. Its log has no face, no id and no key. */
export async function createEngineApp(options: EngineAppOptions): Promise<FastifyInstance> {
  const { reader, store, https, chaos, log } = options;
  const semaphore = createSemaphore({ limit: options.maxRequests, limitInBytes: bodiesLimitInBytes });
  const app = fastify({
    logger: false,
    bodyLimit: bodyLimitInBytes,
    requestTimeout: requestTimeoutInMs,
    // Requests that come on open connections while it drains are answered as usual.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  app.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?')[0];
    log.info(
      { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });
  app.addHook('onError', async (_request, _reply, error) => {
    if ((error.statusCode ?? 500) >= 500) log.error({ reason: error.message, code: error.code }, 'a fault');
  });
  if (chaos) addChaos(app, chaos);
  await app.register(multipart, { limits: { files: 4, fields: 20, parts: 24, fileSize: bodyLimitInBytes } });
  const parts = {
    reader,
    store,
    https,
    letIn: (
      request: { headers: { 'content-length'?: string | undefined } },
      reply: { raw: NodeJS.EventEmitter },
    ) => {
      const release = semaphore.take(Number(request.headers['content-length'] ?? bodyLimitInBytes));
      if (release) reply.raw.once('close', release);
      return release !== undefined;
    },
  };
  await app.register(ootoRoutes(parts), { prefix: '/api/v1.0' });
  await app.register(verihubsRoutes(parts), { prefix: '/v1/face' });
  app.get('/health', async () => ({ status: 'ok' }));
  return app;
}

/** Limits how many requests, and bytes of them, are here at once: more would fill the memory and wait too long. */
interface Semaphore {
  /** undefined: it is full. The slot is freed once, however often the release is called. */
  take(sizeInBytes: number): (() => void) | undefined;
}

/** One request is let in whatever its size: else a large one would never be. */
function createSemaphore({ limit, limitInBytes }: { limit: number; limitInBytes: number }): Semaphore {
  let taken = 0;
  let takenBytes = 0;
  return {
    take(sizeInBytes) {
      if (taken >= limit || (taken > 0 && takenBytes + sizeInBytes > limitInBytes)) return undefined;
      taken += 1;
      takenBytes += sizeInBytes;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        taken -= 1;
        takenBytes -= sizeInBytes;
      };
    },
  };
}
