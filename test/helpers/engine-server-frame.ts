import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSeededRandom, type ServerCall } from './engine-server-calls.ts';
import { type Step, stepAt } from './engine-server-script.ts';
import { createTemplateStore, type IndexLag } from './engine-server-templates.ts';
import { watchLoopLag } from './loop-lag.ts';

export interface Credentials {
  readonly appId: string;
  readonly appKey: string;
}

export interface FrameOptions {
  readonly credentials: Credentials;
  readonly latencyInMs: readonly [number, number];
  readonly seed: number;
}

/** What the endpoints of every engine's language have in common: calls, templates, scripts, and what is set. */
export function createEndpointFrame(
  options: FrameOptions & {
    /** Names of the authentication headers, first the id, then the key. */
    readonly headers: readonly [string, string];
  },
) {
  const random = createSeededRandom(options.seed);
  const startedAt = performance.now();
  const clock = () => performance.now() - startedAt;
  const held = watchLoopLag();
  const calls: ServerCall[] = [];
  const templates = createTemplateStore(clock);
  const scripts = new Map<string, string>();
  const played = new Map<string, number>();
  const noLag: IndexLag = { identifications: 0, inMs: 0 };
  const settings = {
    credentials: options.credentials,
    latencyInMs: options.latencyInMs,
    mode: 'normal',
    indexLag: noLag,
  };
  const kept: { photos?: Map<string, Buffer> } = {};
  const next = (script: string, subject: string): Step => {
    const key = `${subject}\n${script}`;
    const index = played.get(key) ?? 0;
    played.set(key, index + 1);
    return stepAt(script, index);
  };
  return {
    calls,
    templates,
    scripts,
    settings,
    kept,
    next,
    record(request: IncomingMessage, response: ServerResponse): ServerCall {
      const call = recordCall({ request, response, clock, held });
      calls.push(call);
      return call;
    },
    async answerLater() {
      const [least, most] = settings.latencyInMs;
      if (most > 0) await sleep(least + random() * (most - least));
    },
    isAllowed({ headers }: ServerCall) {
      const [id, key] = options.headers.map((name) => headers[name.toLowerCase()]);
      return id === settings.credentials.appId && key === settings.credentials.appKey;
    },
    reset() {
      calls.length = 0;
      settings.mode = 'normal';
      settings.indexLag = noLag;
      for (const map of [templates, scripts, played]) map.clear();
    },
    /** Resets the connection before the body is read, where the script says so; else the step that is due, if known. */
    async beforeBody(call: ServerCall, request: IncomingMessage, scriptIn: (start: Buffer) => string) {
      const known = settings.mode === 'normal' ? scriptIn(await peek(request)) : settings.mode;
      const early = known.includes('reset-before') ? next(known, '') : undefined;
      const isReset = early?.name === 'reset-before';
      if (isReset) call.played = early.name;
      return { early, isReset };
    },
  };
}

function recordCall({
  request,
  response,
  clock,
  held,
}: {
  request: IncomingMessage;
  response: ServerResponse;
  clock: () => number;
  held: () => number;
}): ServerCall {
  const { method = '', url = '/', headers } = request;
  const call: ServerCall = {
    arrivedAtInMs: clock(),
    heldInMs: held(),
    arrivedAt: new Date().toISOString(),
    method,
    path: url,
    headers,
    port: request.socket.remotePort ?? 0,
    violations: [],
  };
  const onGone = () => {
    call.abandoned = true;
  };
  for (const event of ['end', 'close']) request.socket.once(event, onGone);
  response.on('finish', () => {
    for (const event of ['end', 'close']) request.socket.off(event, onGone);
    call.status = response.statusCode;
    call.answeredAtInMs = clock();
  });
  return call;
}

/** The start of a request's body, without taking it out. */
async function peek(request: IncomingMessage): Promise<Buffer> {
  if (request.readableLength === 0 && !request.readableEnded) {
    await Promise.race([once(request, 'readable'), once(request, 'close')]).catch(() => {});
  }
  const start = request.read();
  if (!Buffer.isBuffer(start)) return Buffer.alloc(0);
  request.unshift(start);
  return start;
}
