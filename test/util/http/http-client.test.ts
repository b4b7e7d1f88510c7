import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
} from '../../../src/util/http/http-client.ts';

/** A server that hands every connection to the test: it is spoken to byte by byte. */
let server: Server;
let baseUrl = '';
const sockets: Socket[] = [];
const requests: { text: string; socket: Socket }[] = [];
/** Called with each request, when it is there to its last byte. */
let onRequest: (socket: Socket) => void = () => {};
const clients: HttpClient[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!text.includes('\r\n\r\n') || body.length < length) return;
      requests.push({ text, socket });
      text = '';
      onRequest(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const socket of sockets.splice(0)) socket.destroy();
  requests.length = 0;
});
afterAll(() => void server.close());

function create(options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = createHttpClient({
    baseUrl,
    concurrency: 2,
    timeoutInMs: 2000,
    environment: {},
    ...options,
  });
  clients.push(client);
  return client;
}

async function post(
  client: HttpClient,
  more: { signal?: AbortSignal; headers?: Record<string, string> } = {},
) {
  let sentAt: number | undefined;
  const result = await client.post({
    path: '/add?a=b',
    headers: { 'X-Key': 'canary-key', ...more.headers },
    body: Buffer.from('canary-body'),
    signal: more.signal ?? new AbortController().signal,
    onSent: () => {
      expect(sentAt).toBeUndefined();
      sentAt = performance.now();
    },
  });
  expect(JSON.stringify(result)).not.toContain('canary');
  return { result, sentAt };
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a reply', () => {
  test('is handed over with status, headers and text; the request is what was asked for', async () => {
    onRequest = (socket) =>
      socket.write('HTTP/1.1 418 No\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 5\r\n\r\nt\xc3\xa9a!', 'latin1');
    const { result } = await post(create());
    expect(result).toMatchObject({
      kind: 'response',
      status: 418,
      headers: { 'x-a': ['1', '2'] },
      text: 'téa!',
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.text).toMatch(/^POST \/base\/add\?a=b HTTP\/1\.1\r\n/);
    expect(requests[0]?.text).toContain('canary-body');
  });

  const again = 'HTTP/1.1 100 Continue\r\n\r\n';
  test.each<[string, readonly string[]]>([
    ['early hints', [`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}`]],
    ['100 Continue', [again + ok]],
    ['100 Continue by itself', [again, ok]],
    ['several, with headers', [`HTTP/1.1 100 Go on\r\nx-a: 1\r\n\r\n${again}HTTP/1.1 102 P\r\n\r\n`, ok]],
    ['100 Continue of HTTP/1.0', [`HTTP/1.0 100 Continue\r\n\r\n${ok}`]],
    ['100 and 103', [again, 'HTTP/1.1 103 Early Hints\r\n\r\n', ok]],
    ['100 Continue, byte by byte', [...again, ...ok]],
  ])('%s are passed over, on a connection that is used again', async (_, pieces) => {
    onRequest = async (socket) => {
      for (const piece of pieces) {
        socket.write(piece);
        if (pieces.length > 1) await sleep(1);
      }
    };
    const client = create({ concurrency: 1 });
    for (let call = 0; call < 2; call += 1)
      expect((await post(client)).result).toMatchObject({ kind: 'response', status: 200, text: 'ok' });
    expect(sockets).toHaveLength(1);
    expect(requests[0]?.text).toContain('accept-encoding: identity');
  });

  test('a redirect is a reply, and is not followed', async () => {
    onRequest = (socket) =>
      socket.write('HTTP/1.1 307 Go\r\nlocation: /base/add\r\ncontent-length: 0\r\n\r\n');
    expect((await post(create())).result).toMatchObject({ kind: 'response', status: 307 });
    expect(requests).toHaveLength(1);
  });

  test('a body beyond the limit is left out, and the connection with it', async () => {
    onRequest = (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n${'x'.repeat(40)}`);
    const { result } = await post(create({ bodyLimitInBytes: 39 }));
    expect(result).toMatchObject({ kind: 'response', status: 200 });
    expect(result).not.toHaveProperty('text');
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });
});

describe('one call is one request', () => {
  test('the server closes a kept connection at the moment when it gets the next request', async () => {
    const client = create({ concurrency: 1 });
    let calls = 0;
    onRequest = (socket) => {
      calls += 1;
      if (calls === 2) socket.destroy();
      else socket.write(ok);
    };
    expect((await post(client)).result).toMatchObject({ kind: 'response' });
    const { result } = await post(client);
    expect(result).toMatchObject({ kind: 'failed', fault: 'connection', sent: true });
    await sleep(200);
    expect(calls).toBe(2);
    expect((await post(client)).result).toMatchObject({ kind: 'response' });
    expect(calls).toBe(3);
  });

  test.each([0, 1, 2, 5])(
    'and closes it %i ms after a reply: every call has one result',
    async (delayInMs) => {
      const client = create({ concurrency: 1 });
      onRequest = (socket) => {
        socket.write(ok);
        setTimeout(() => socket.destroy(), delayInMs);
      };
      let sentCalls = 0;
      for (let call = 0; call < 40; call += 1) {
        const { result, sentAt } = await post(client);
        expect(result.kind === 'failed' ? result.sent : true).toBe(sentAt !== undefined);
        if (sentAt !== undefined) sentCalls += 1;
        if (result.kind === 'response') expect(result.text).toBe('ok');
        await sleep(call % 3);
      }
      expect(requests.length).toBeLessThanOrEqual(sentCalls);
    },
  );

  test.each([
    ['no byte', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"half":'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"half":'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP/1.1 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('the reply is cut after %s', async (_, text) => {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      requests.length = 0;
      onRequest = (socket) => socket.write(text || '', () => socket[end]());
      const { result, sentAt } = await post(create());
      expect(result).toMatchObject({ kind: 'failed', fault: 'connection', sent: true });
      expect(sentAt).toBeDefined();
      await sleep(30);
      expect(requests).toHaveLength(1);
    }
  });
});

describe('the time of a call', () => {
  const within = async (timeoutInMs: number, call: () => ReturnType<typeof post>) => {
    const startedAt = performance.now();
    const { result, sentAt } = await call();
    const tookInMs = performance.now() - startedAt;
    expect(result).toMatchObject({ kind: 'failed', fault: 'timeout' });
    expect(tookInMs).toBeGreaterThan(timeoutInMs - 10);
    // A call that its time does not end would go on for ever.
    expect(tookInMs).toBeLessThan(timeoutInMs + 10_000);
    return { result, sentAt };
  };

  test.each([
    ['waiting', ''],
    ['the head', 'HTTP/1.1 200 OK\r\n'],
    ['the body', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{'],
  ])('covers %s', async (_, text) => {
    onRequest = (socket) => void (text && socket.write(text));
    expect((await within(200, () => post(create({ timeoutInMs: 200 })))).result).toMatchObject({
      sent: true,
    });
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });

  test('covers waiting for a connection: the call is then never sent', async () => {
    const client = create({ concurrency: 1, timeoutInMs: 2000 });
    // The first is answered when the second waits for its connection, and nobody after it.
    onRequest = (socket) => void (requests.length === 1 && setTimeout(() => socket.write(ok), 100));
    const first = post(client);
    const second = post(client);
    await sleep(0);
    expect((await first).result).toMatchObject({ kind: 'response' });
    expect((await second).result).toMatchObject({ kind: 'failed', fault: 'timeout', sent: true });
    onRequest = () => {};
    const [third, fourth] = await Promise.all([post(client), post(client)]);
    expect(third.result).toMatchObject({ sent: true });
    expect(fourth.result).toMatchObject({ kind: 'failed', fault: 'timeout', sent: false });
    expect(fourth.sentAt).toBeUndefined();
    await sleep(300);
    expect(requests).toHaveLength(3);
  });

  test('an address that swallows every packet was not reached, and the next call finds a connection', async () => {
    // TEST-NET-1 (RFC 5737): nobody answers, or the network says at once that there is no way.
    const client = create({ baseUrl: 'http://192.0.2.1:9', timeoutInMs: 200, concurrency: 1 });
    for (let call = 0; call < 2; call += 1) {
      const { result, sentAt } = await post(client);
      expect(result).toMatchObject({ kind: 'failed', sent: false });
      expect(sentAt).toBeUndefined();
    }
  });
});

describe('what was never sent', () => {
  test('connection refused', async () => {
    const { port } = server.address() as AddressInfo;
    const refused = create({ baseUrl: `http://127.0.0.2:${port}` });
    const { result, sentAt } = await post(refused);
    expect(result).toMatchObject({ kind: 'failed', fault: 'connection', sent: false });
    expect(result).toHaveProperty('message', `connection refused by 127.0.0.2:${port} (ECONNREFUSED)`);
    expect(sentAt).toBeUndefined();
  });

  test('unknown host', async () => {
    const { result } = await post(create({ baseUrl: 'http://engine.invalid' }));
    expect(result).toMatchObject({ kind: 'failed', sent: false });
    // Without any name server the name is not known to be wrong.
    const fault = 'fault' in result ? result.fault : '';
    expect(['unknown-host', 'connection']).toContain(fault);
  });

  test('a header that cannot be sent', async () => {
    const { result } = await post(create(), { headers: { 'x-bad': 'a\r\nb' } });
    expect(result).toMatchObject({ kind: 'failed', sent: false });
    expect(requests).toHaveLength(0);
  });
});

describe('abort', () => {
  test('before and during a call gives the reason and cuts the connection', async () => {
    const reason = new Error('enough');
    await expect(post(create(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(requests).toHaveLength(0);
    const controller = new AbortController();
    onRequest = () => controller.abort(reason);
    await expect(post(create(), { signal: controller.signal })).rejects.toBe(reason);
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });

  test('while waiting for a connection: nothing is sent later', async () => {
    const client = create({ concurrency: 1 });
    onRequest = (socket) => setTimeout(() => socket.write(ok), 100);
    const controller = new AbortController();
    const first = post(client);
    const second = post(client, { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toThrow();
    expect((await first).result).toMatchObject({ kind: 'response' });
    await sleep(100);
    expect(requests).toHaveLength(1);
    expect((await post(client)).result).toMatchObject({ kind: 'response' });
  });

  test('one signal serves many calls and keeps none of them', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    onRequest = (socket) => setTimeout(() => socket.write(ok), 20);
    const { signal } = new AbortController();
    const client = create({ concurrency: 50 });
    await Promise.all(Array.from({ length: 50 }, () => post(client, { signal })));
    await sleep(10);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('connections', () => {
  test('are kept, and never more than the concurrency', async () => {
    onRequest = (socket) => setTimeout(() => socket.write(ok), 10);
    const client = create({ concurrency: 3 });
    await Promise.all(Array.from({ length: 12 }, () => post(client)));
    expect(requests).toHaveLength(12);
    expect(new Set(requests.map(({ socket }) => socket)).size).toBe(3);
  });

  test('the head is written when onSent says so', async () => {
    let arrivedAt = 0;
    server.once('connection', (socket) => socket.once('data', () => (arrivedAt = performance.now())));
    onRequest = (socket) => setTimeout(() => socket.write(ok), 100);
    const calledAt = performance.now();
    const { sentAt = 0 } = await post(create());
    expect(sentAt).toBeGreaterThanOrEqual(calledAt);
    expect(sentAt).toBeLessThanOrEqual(arrivedAt);
  });

  test('closing ends them; calls in flight fail', async () => {
    onRequest = () => {};
    const client = create();
    const call = post(client);
    await expect.poll(() => requests.length).toBe(1);
    await client.close();
    expect((await call).result).toMatchObject({ kind: 'failed', sent: true });
    expect((await post(client)).result).toMatchObject({ kind: 'failed', sent: false });
  });
});
