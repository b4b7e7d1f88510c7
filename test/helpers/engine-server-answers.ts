import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Step } from './engine-server-script.ts';
import { hostileTexts } from './hostile-texts.ts';

export interface AnswerContext {
  readonly response: ServerResponse;
  readonly credentials: { readonly appId: string; readonly appKey: string };
  /** Does what was asked, before anything is answered, and gives the body that says so. */
  readonly succeed: (variant?: SuccessVariant) => object;
  /** The answer that has a code, documented or not, in the engine's own shape. */
  readonly errorOf: (code: string, words?: string) => { readonly status: number; readonly body: unknown };
}

/** How a success may differ from the page's sample; an endpoint for which that means nothing leaves it be. */
export interface SuccessVariant {
  readonly nested?: true;
  readonly otherId?: true;
  /** The id of the photo before, or of the first photo for all. */
  readonly idOf?: 'former' | 'first';
  readonly noId?: true;
  readonly notFine?: 'liveness' | 'deepfake';
}

/** Plays one step of a script. The bodies of 200 and 400 are the page's samples; the others are made up. */
export async function playStep(step: Step, context: AnswerContext): Promise<void> {
  const { response } = context;
  const [, ok, code] = /^(ok-)?code-(.+)$/.exec(step.name) ?? [];
  if (code !== undefined) {
    const { status, body } = context.errorOf(code);
    sendJson(response, ok === undefined ? status : 200, body);
    return;
  }
  const [, html, status] = /^(html-)?(\d{3})$/.exec(step.name) ?? [];
  if (status !== undefined) {
    if (html === undefined) sendJson(response, Number(status), { message: 'made up' }, waitHeaders(step));
    else send(response, Number(status), 'text/html', webPage);
    return;
  }
  const play = plays[step.name];
  if (play === undefined) throw new Error(`no step of a script: "${step.name}"`);
  await play(context, step);
}

export function sendError(
  code: string,
  context: Pick<AnswerContext, 'response' | 'errorOf'>,
  words?: string,
): void {
  const { status, body } = context.errorOf(code, words);
  sendJson(context.response, status, body);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  send(response, status, 'application/json', JSON.stringify(body), headers);
}

/** What a careless engine might say. */
function echoOf({ appId, appKey }: AnswerContext['credentials']): string {
  const basic = Buffer.from(appKey).toString('base64');
  return `this is ${appId} with ${appKey}, ${encodeURIComponent(appKey)}, ${basic}`;
}

const hostile = ({ value = 0 }: Step) => hostileTexts[value];

const withField = (body: unknown, field: string, text: string | undefined): unknown =>
  JSON.parse(JSON.stringify(body), (key, value: unknown) => (key === field ? text : value));

const webPage =
  '<!doctype html><html><head><title>Bad gateway</title></head><body><h1>nginx</h1></body></html>';

const plays: Readonly<Record<string, (context: AnswerContext, step: Step) => void | Promise<void>>> = {
  ok: ({ response, succeed }) => sendJson(response, 200, succeed()),
  slow: async ({ response, succeed }, step) => {
    await sleep(step.value ?? 1000);
    sendJson(response, 200, succeed());
  },
  'ok-nested': ({ response, succeed }) => sendJson(response, 200, succeed({ nested: true })),
  'ok-other-id': ({ response, succeed }) => sendJson(response, 200, succeed({ otherId: true })),
  'ok-former-id': ({ response, succeed }) => sendJson(response, 200, succeed({ idOf: 'former' })),
  'ok-first-id': ({ response, succeed }) => sendJson(response, 200, succeed({ idOf: 'first' })),
  'ok-no-id': ({ response, succeed }) => sendJson(response, 200, succeed({ noId: true })),
  'not-live': ({ response, succeed }) => sendJson(response, 200, succeed({ notFine: 'liveness' })),
  'not-deep': ({ response, succeed }) => sendJson(response, 200, succeed({ notFine: 'deepfake' })),
  'no-json': ({ response }) => send(response, 200, 'text/html', webPage),
  echo: ({ response, errorOf, credentials }) =>
    sendJson(response, 400, errorOf('77', echoOf(credentials)).body),
  'echo-503': ({ response, credentials }) => sendJson(response, 503, { message: echoOf(credentials) }),
  says: ({ response, errorOf }, step) =>
    sendJson(response, 400, withField(errorOf('77', hostile(step)).body, 'code', hostile(step))),
  'says-503': ({ response }, step) => sendJson(response, 503, { message: hostile(step) }),
  'says-id': ({ response, succeed }, step) =>
    sendJson(response, 200, withField(succeed(), 'templateId', hostile(step))),
  accepted: ({ response, succeed }) => sendJson(response, 202, succeed()),
  deep: ({ response, succeed }) => {
    const error = '['.repeat(100_000) + ']'.repeat(100_000);
    send(response, 200, 'application/json', JSON.stringify(succeed()).replace('{', `{"error":${error},`));
  },
  nuls: ({ response, succeed }) =>
    send(response, 200, 'application/json', '\0'.repeat(1_000_000) + JSON.stringify(succeed())),
  redirect: ({ response }) => {
    response.writeHead(302, { location: response.req.url ?? '/', 'content-length': 0 }).end();
  },
  'reset-before': ({ response }) => resetConnection(response),
  'reset-after': (context) => {
    context.succeed();
    resetConnection(context.response);
  },
  'cut-length': ({ response, succeed }) => {
    const text = JSON.stringify(succeed());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
    response.write(text.slice(0, text.length / 2), () => response.socket?.end());
  },
  'cut-json': ({ response, succeed }) => {
    const text = JSON.stringify(succeed());
    send(response, 200, 'application/json', text.slice(0, text.length / 2));
  },
  silent: () => {},
  huge: ({ response, succeed }) => {
    const body = { ...succeed(), padding: 'x'.repeat(2 * 1024 * 1024) };
    sendJson(response, 200, body);
  },
  endless: (context) => writeForever(context, { chunk: Buffer.alloc(64 * 1024, ' '), pauseInMs: 0 }),
  dribble: (context) => writeForever(context, { chunk: Buffer.from(' '), pauseInMs: 50 }),
};

function waitHeaders({ option, value = 0 }: Step): Record<string, string> {
  if (option === 'after') return { 'retry-after': String(value) };
  if (option === 'date') return { 'retry-after': new Date(Date.now() + value * 1000).toUTCString() };
  return {};
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(text);
  response.writeHead(status, { ...headers, 'content-type': contentType, 'content-length': body.length });
  response.end(body);
}

/** A plain connection is reset; over TLS it just ends. */
export function resetConnection(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket instanceof TLSSocket) response.destroy();
  else socket.resetAndDestroy();
}

async function writeForever(
  { response, succeed }: AnswerContext,
  { chunk, pauseInMs }: { chunk: Buffer; pauseInMs: number },
) {
  const start = JSON.stringify(succeed()).slice(0, -1);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(start);
  while (!response.destroyed) {
    const drained = response.write(chunk);
    await sleep(drained ? pauseInMs : 20);
  }
}
