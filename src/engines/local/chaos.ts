import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Chaos, type Misbehaviour, misbehaviours } from '../../settings/chaos.ts';

const slowestInMs = 5_000;
/** For the first half to leave before the connection is cut. */
const halfTimeInMs = 50;

/** Makes the server misbehave as ordered, at all its paths but `/health`. Requests are numbered as they come. */
export function addChaos(app: FastifyInstance, chaos: Chaos): void {
  const ordered = new WeakMap<FastifyRequest, { kind: Misbehaviour; how: number }>();
  let requests = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/health') return;
    requests += 1;
    const misbehaviour = misbehaviourOf(chaos, requests);
    if (misbehaviour === undefined) return;
    ordered.set(request, misbehaviour);
    return begin(misbehaviour, request, reply);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const misbehaviour = ordered.get(request);
    // The template is stored and the caller gets no reply: the worst kind.
    if (misbehaviour?.kind === 'reset') request.raw.socket.destroy();
    if (misbehaviour?.kind !== 'half' || typeof payload !== 'string') return payload;
    reply.header('content-length', Buffer.byteLength(payload));
    return Readable.from(halfOf(payload));
  });
}

async function begin(
  { kind, how }: { kind: Misbehaviour; how: number },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  switch (kind) {
    case '5xx': {
      const status = 500 + Math.floor(how * 4);
      return reply.code(status).type('text/html').send(`<html><h1>${status}</h1></html>`);
    }
    case '429':
      if (how < 0.5) reply.header('retry-after', '1');
      return reply.code(429).send({ message: 'too many requests' });
    case 'reset':
      if (how >= 0.5) return undefined;
      request.raw.socket.destroy();
      return reply.hijack();
    case 'slow':
      return void (await delay(how * slowestInMs));
    case 'half':
      return undefined;
  }
}

async function* halfOf(payload: string): AsyncGenerator<string> {
  yield payload.slice(0, payload.length / 2);
  await delay(halfTimeInMs);
  throw new Error('cut off on order');
}

/** What happens to the request of this number, and a second number in [0, 1) for how exactly. */
function misbehaviourOf(
  { seed, shares }: Chaos,
  requestNumber: number,
): { kind: Misbehaviour; how: number } | undefined {
  const digest = createHash('sha256').update(`${seed}\n${requestNumber}`).digest();
  let rest = digest.readUInt32BE(0) / 2 ** 32;
  for (const kind of misbehaviours) {
    const share = shares[kind] ?? 0;
    if (rest < share) return { kind, how: digest.readUInt32BE(4) / 2 ** 32 };
    rest -= share;
  }
  return undefined;
}
