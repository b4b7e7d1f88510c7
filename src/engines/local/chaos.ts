import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** What may go wrong with a request on order. */
export const misbehaviours = ['5xx', '429', 'reset', 'slow', 'half'] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

/** Shares of all requests, 0 to 1, together 1 at most; the same seed and order give the same misbehaviour. */
export interface Chaos {
  readonly seed: number;
  readonly shares: Readonly<Partial<Record<Misbehaviour, number>>>;
}

/** `5xx=5%,429=2%,reset=1%,slow=2%,half=1%,seed=7`; what is left out does not happen, seed 1 by default. */
export const chaos = z.string().transform((text, context): Chaos => {
  const shares: Partial<Record<Misbehaviour, number>> = {};
  let seed = 1;
  const entries = text.split(',').map((entry) => entry.trim().split('='));
  for (const [name = '', value = '', ...rest] of entries) {
    const share = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1];
    if (rest.length > 0) return wrong(context);
    if (name === 'seed' && /^\d{1,9}$/.test(value)) seed = Number(value);
    else if (isMisbehaviour(name) && share !== undefined) shares[name] = Number(share) / 100;
    else return wrong(context);
  }
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  return sum > 0 && sum <= 1 ? { seed, shares } : wrong(context);
});

function wrong(context: z.core.$RefinementCtx): never {
  context.addIssue(
    `expected shares, together 100% at most, such as 5xx=5%,429=2%,seed=7; there are ${misbehaviours.join(', ')}`,
  );
  return z.NEVER;
}

const isMisbehaviour = (name: string): name is Misbehaviour => misbehaviours.some((known) => known === name);

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
