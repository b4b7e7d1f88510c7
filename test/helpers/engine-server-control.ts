import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './engine-server-answers.ts';
import type { ServerCall } from './engine-server-calls.ts';
import type { Credentials } from './engine-server-frame.ts';
import type { IndexLag, StoredTemplate } from './engine-server-templates.ts';

/** What `GET /control/summary` gives: enough for a demo and for tests of the command line. */
export interface EngineServerSummary {
  readonly calls: number;
  readonly worstSecond: number;
  /** How often each template was enrolled. */
  readonly templates: Readonly<Record<string, number>>;
}

/**
 * A server on this machine's loopback address that keeps to an engine's pages strictly, plays scripts (see
 * engine-server-script.ts) and writes down every call. A script comes from the mode, else from what a test set for a
 * template id or a photo's SHA-256, else from the tag in the photo (engine-server-tag.ts), else it is `ok`.
 * Under `/control/` it can be steered over HTTP (engine-server-control.ts).
 */
export interface EngineServer {
  /** The API's base address, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly calls: readonly ServerCall[];
  /** What is stored: how often each template was enrolled, and with which photos. */
  readonly templates: ReadonlyMap<string, Readonly<StoredTemplate>>;
  /** What somebody else does to the account: a face in place of a template, or no template any more. */
  putTemplate(templateId: string, face: { person: string; photoSha256: string } | undefined): void;
  worstSecond(): number;
  /** `target`: a template id or the SHA-256 of a photo. */
  script(target: string, script: string): void;
  /** A script for every photo, from now on; `normal` ends it. */
  setMode(mode: string): void;
  /** What APP-ID and APP-KEY must be. */
  setCredentials(credentials: Credentials): void;
  setLatency(latencyInMs: readonly [number, number]): void;
  /** From when on `/identify` finds what was stored; at once by default. */
  setIndexLag(lag: Partial<IndexLag>): void;
  /** The bytes of photos that come to OOTO's endpoints from now on, by their SHA-256. */
  keepPhotos(): ReadonlyMap<string, Buffer>;
  /** Forgets calls, templates, scripts, mode and lag. */
  reset(): void;
  /** Connections are refused and those open are cut, until `comeUp`, on the same port. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

/** Steers a running engine server from another process; the same as `EngineServer` has for tests in its process. */
export interface EngineServerControl {
  setMode(mode: string): Promise<void>;
  script(target: string, script: string): Promise<void>;
  setCredentials(credentials: { appId: string; appKey: string }): Promise<void>;
  setLatency(latencyInMs: readonly [number, number]): Promise<void>;
  reset(): Promise<void>;
  calls(): Promise<ServerCall[]>;
  /** How many calls there were; cheap enough to be asked all the time. */
  callCount(): Promise<number>;
  summary(): Promise<EngineServerSummary>;
  /** By template id: the SHA-256 of the photo that was stored last. */
  held(): Promise<Readonly<Record<string, string>>>;
}

/** `url`: any address of the server. */
export function createEngineServerControl(url: string): EngineServerControl {
  const ask = async (path: string, body?: unknown) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(new URL(`/control/${path}`, url), init);
    if (!response.ok) throw new Error(`control ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as unknown;
  };
  return {
    setMode: async (mode) => void (await ask('mode', { mode })),
    script: async (target, script) => void (await ask('script', { target, script })),
    setCredentials: async (credentials) => void (await ask('credentials', credentials)),
    setLatency: async (latencyInMs) => void (await ask('latency', { latencyInMs })),
    reset: async () => void (await ask('reset', {})),
    calls: async () => (await ask('calls')) as ServerCall[],
    callCount: async () => (await ask('call-count')) as number,
    summary: async () => (await ask('summary')) as EngineServerSummary,
    held: async () => (await ask('held')) as Readonly<Record<string, string>>,
  };
}

/** The other side of it. */
export async function handleControl(
  request: IncomingMessage,
  response: ServerResponse,
  server: EngineServer,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const result = control(request.url ?? '', text === '' ? {} : JSON.parse(text), server);
  if (result === undefined) sendJson(response, 404, { message: `no ${request.url}` });
  else sendJson(response, 200, result);
}

function control(path: string, body: ControlBody, server: EngineServer): unknown {
  const { mode = '', target = '', script = '', appId = '', appKey = '', latencyInMs = [0, 0] } = body;
  const actions: Readonly<Record<string, () => unknown>> = {
    '/control/mode': () => server.setMode(mode),
    '/control/script': () => server.script(target, script),
    '/control/credentials': () => server.setCredentials({ appId, appKey }),
    '/control/latency': () => server.setLatency(latencyInMs),
    '/control/reset': () => server.reset(),
    '/control/calls': () => server.calls,
    '/control/call-count': () => server.calls.length,
    '/control/summary': () => summarize(server),
    '/control/held': () =>
      Object.fromEntries([...server.templates].map(([id, { photoSha256 }]) => [id, photoSha256.at(-1)])),
  };
  const action = actions[path];
  return action === undefined ? undefined : (action() ?? {});
}

interface ControlBody {
  readonly mode?: string;
  readonly target?: string;
  readonly script?: string;
  readonly appId?: string;
  readonly appKey?: string;
  readonly latencyInMs?: readonly [number, number];
}

function summarize(server: EngineServer): EngineServerSummary {
  const templates = [...server.templates].map(([id, { enrolled }]) => [id, enrolled] as const);
  return {
    calls: server.calls.length,
    worstSecond: server.worstSecond(),
    templates: Object.fromEntries(templates),
  };
}
