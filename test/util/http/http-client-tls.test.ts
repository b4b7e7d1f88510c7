import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createEngine } from '../../../src/engines/registry.ts';
import { createHttpClient } from '../../../src/util/http/http-client.ts';
import type { Environment } from '../../../src/util/http/proxy-for.ts';
import { enrollWith } from '../../conformance/engine-calls.ts';
import { startEngineServer, testCredentials } from '../../helpers/engine-server.ts';
import { createTestCertificate } from '../../helpers/engine-server-certificate.ts';
import type { EngineServer } from '../../helpers/engine-server-control.ts';
import { type ProxyServer, startProxyServer } from './proxy-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-tls-'));
const tls = createTestCertificate(['engine.test']);
let server: EngineServer;
let plain: EngineServer;
let proxy: ProxyServer;
beforeAll(async () => {
  [server, plain, proxy] = await Promise.all([
    startEngineServer({ tls }),
    startEngineServer(),
    startProxyServer(),
  ]);
});
afterEach(() => {
  proxy.requests.length = 0;
  proxy.behaviour = 'work';
  for (const each of [server, plain]) each.reset();
});
afterAll(async () => {
  await Promise.all([server.close(), plain.close(), proxy.close()]);
  rmSync(folder, { recursive: true });
});

async function enroll(url: string, environment: Environment = {}, timeoutInMs = 2000) {
  const { appId, appKey } = testCredentials;
  const { engine } = createEngine({
    name: 'ooto',
    url,
    timeoutInMs,
    concurrency: 2,
    allowHttp: true,
    environment: { OOTO_APP_ID: appId, OOTO_APP_KEY: appKey, ...environment },
  });
  try {
    const { reply } = await enrollWith(engine);
    const second = await enrollWith(engine);
    expect(second.reply.kind).toBe(reply.kind);
    return reply;
  } finally {
    await engine.close();
  }
}

/** The same in a process of its own: Node.js reads NODE_EXTRA_CA_CERTS only when it starts. */
async function enrollInChild(url: string, environment: Record<string, string>) {
  const { appId, appKey } = testCredentials;
  const { stdout } = await promisify(execFile)(process.execPath, [await compileChild(), url], {
    env: { PATH: process.env.PATH, OOTO_APP_ID: appId, OOTO_APP_KEY: appKey, ...environment },
  });
  return JSON.parse(stdout) as { kind: string; sent: number };
}

let compiled: Promise<string> | undefined;
function compileChild(): Promise<string> {
  compiled ??= (async () => {
    const root = join(import.meta.dirname, '..', '..', '..');
    const out = join(root, 'node_modules', '.cache', 'rollcall', `child-${process.pid}`);
    mkdirSync(out, { recursive: true });
    const project = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: false, allowImportingTsExtensions: false, rootDir: root, outDir: out },
      include: [],
      files: [join(root, 'src/engines/registry.ts'), join(root, 'test/conformance/engine-calls.ts')],
    };
    writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(project));
    writeFileSync(join(out, 'package.json'), '{"type":"module"}');
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await promisify(execFile)(process.execPath, [compiler, '-p', out]);
    writeFileSync(join(out, 'child.js'), childSource);
    return join(out, 'child.js');
  })();
  return compiled;
}

const childSource = `
import { createEngine } from './src/engines/registry.js';
import { enrollWith } from './test/conformance/engine-calls.js';
const { engine } = createEngine({
  name: 'ooto', url: process.argv[2], timeoutInMs: 5000, concurrency: 2, environment: process.env,
});
const { reply, sent } = await enrollWith(engine);
await engine.close();
console.log(JSON.stringify({ ...reply, sent }));
`;

afterAll(async () => {
  if (compiled !== undefined) rmSync(join(await compiled, '..'), { recursive: true });
});

test('a certificate that nobody vouches for is refused, and says how to vouch for it', async () => {
  const reply = await enroll(server.url);
  expect(reply).toMatchObject({ kind: 'refused', certain: false });
  expect(reply).toHaveProperty('message', expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'));
  expect(reply).toHaveProperty('fix', expect.stringContaining('NODE_EXTRA_CA_CERTS'));
  expect(server.calls).toHaveLength(0);
});

test('NODE_EXTRA_CA_CERTS vouches for it, directly and through a tunnel', async () => {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, tls.cert);
  const trust = { NODE_EXTRA_CA_CERTS: file };
  expect(await enrollInChild(server.url, trust)).toMatchObject({ kind: 'enrolled', sent: 1 });
  expect(server.calls).toHaveLength(1);

  const byName = server.url.replace('127.0.0.1', 'engine.test');
  const throughProxy = { ...trust, HTTPS_PROXY: proxy.url.replace('//', '//me:pass%3Aword@') };
  expect(await enrollInChild(byName, throughProxy)).toMatchObject({ kind: 'enrolled', sent: 1 });
  expect(server.calls).toHaveLength(2);
  const authorization = `Basic ${Buffer.from('me:pass:word').toString('base64')}`;
  expect(proxy.requests).toEqual([{ line: `CONNECT engine.test:${server.port}`, authorization }]);
  expect(server.calls[1]?.headers).not.toHaveProperty('proxy-authorization');

  const otherName = server.url.replace('127.0.0.1', 'other.test');
  expect(await enrollInChild(otherName, throughProxy)).toMatchObject({ kind: 'refused', sent: 0 });
});

test.each([
  ['has expired', -24, 'CERT_HAS_EXPIRED'],
  ['is not valid yet', 24, 'CERT_NOT_YET_VALID'],
])(
  'a certificate that %s is refused, whoever vouches for it, before anything is sent',
  async (_, hours, code) => {
    const other = createTestCertificate(['engine.test'], Date.now() + hours * 3_600_000);
    const file = join(folder, `${code}.pem`);
    writeFileSync(file, other.cert);
    const late = await startEngineServer({ tls: other });
    const reply = await enrollInChild(late.url, { NODE_EXTRA_CA_CERTS: file });
    expect(reply).toMatchObject({ kind: 'refused', certain: false, sent: 0 });
    expect(reply).toHaveProperty('message', expect.stringContaining(code));
    expect(late.calls).toHaveLength(0);
    await late.close();
  },
);

test('plain http is handed to the proxy with its whole address', async () => {
  const url = plain.url.replace('127.0.0.1', 'engine.test');
  const reply = await enroll(url, { HTTP_PROXY: proxy.url.replace('//', '//me:word@') });
  expect(reply).toMatchObject({ kind: 'enrolled' });
  expect(plain.calls.map(({ headers }) => headers.host)).toEqual(Array(2).fill(`engine.test:${plain.port}`));
  expect(proxy.requests[0]).toEqual({
    line: `POST http://engine.test:${plain.port}`,
    authorization: `Basic ${Buffer.from('me:word').toString('base64')}`,
  });
  proxy.behaviour = 407;
  expect(await enroll(url, { HTTP_PROXY: proxy.url })).toMatchObject({ kind: 'refused', certain: false });
});

test.each([
  [407, 'refused', 'HTTPS_PROXY'],
  [403, 'refused', 'HTTPS_PROXY'],
  [401, 'refused', 'HTTPS_PROXY'],
  [404, 'refused', 'HTTPS_PROXY'],
  [408, 'unavailable', undefined],
  [425, 'unavailable', undefined],
  [429, 'unavailable', undefined],
  [302, 'unavailable', undefined],
  [502, 'unavailable', undefined],
  [511, 'unavailable', undefined],
  ['page', 'unavailable', undefined],
  ['close', 'unavailable', undefined],
  ['silent', 'unavailable', undefined],
] as const)('a proxy that answers %s to CONNECT: nothing was sent', async (behaviour, kind, fix) => {
  proxy.behaviour = behaviour;
  const reply = await enroll(
    'https://engine.test:9',
    { HTTPS_PROXY: proxy.url.replace('//', '//me:canary@') },
    300,
  );
  expect(reply.kind).toBe(kind);
  if (reply.kind === 'unavailable') expect(reply.sent).toBe(false);
  if (fix !== undefined) expect(reply).toHaveProperty('fix', expect.stringContaining(fix));
  expect(JSON.stringify(reply)).not.toContain('canary');
  // Two calls: undici's own agent would try again without end.
  expect(proxy.requests.length).toBeLessThanOrEqual(2);
});

test.each([
  [407, 'refused'],
  [403, 'refused'],
  [302, 'refused'],
  [200, 'unavailable'],
  [502, 'unavailable'],
  [504, 'unavailable'],
  [429, 'throttled'],
] as const)('a proxy that answers %s itself, in words of its own, to plain http', async (behaviour, kind) => {
  proxy.behaviour = behaviour;
  const url = plain.url.replace('127.0.0.1', 'engine.test');
  const reply = await enroll(url, { HTTP_PROXY: proxy.url.replace('//', '//me:canary-word@') });
  expect(reply).toMatchObject({ kind, httpStatus: behaviour });
  expect(JSON.stringify(reply)).not.toMatch(/canary|Y2FuYXJ5|OmNhbmFyeS/);
  expect(plain.calls).toHaveLength(0);
});

test.each(['https://engine.test', 'http://engine.test'])(
  'a proxy that is not there, and one that has no name, on the way to %s',
  async (url) => {
    const settings = (proxyUrl: string) => ({ HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl });
    const reply = await enroll(url, settings('http://me:canary@127.0.0.2:9'));
    expect(reply).toMatchObject({ kind: 'unavailable', sent: false });
    expect(reply).toHaveProperty('message', expect.stringContaining('refused by the proxy 127.0.0.2:9'));
    const nameless = await enroll(url, settings('http://me:canary@proxy.invalid:9'));
    // Without any name server the name is not known to be wrong.
    if (nameless.kind === 'refused')
      expect(nameless).toMatchObject({ certain: false, fix: expect.stringContaining('HTTPS_PROXY') });
    else expect(nameless).toMatchObject({ kind: 'unavailable', sent: false });
    expect(JSON.stringify([reply, nameless])).not.toContain('canary');
    expect(JSON.stringify(nameless)).toContain('proxy.invalid');
  },
);

test('the head is written after the handshake, not before', async () => {
  const order: string[] = [];
  const slow = createTcpServer((socket) => {
    setTimeout(() => {
      order.push('handshake begins');
      inner.emit('connection', socket);
    }, 150);
  });
  const inner = createServer(tls, (socket: TLSSocket) => {
    socket.on('error', () => {});
    socket.once('data', () => order.push('request'));
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
  slow.listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const client = createHttpClient({
    baseUrl: `https://127.0.0.1:${(slow.address() as AddressInfo).port}`,
    concurrency: 1,
    timeoutInMs: 2000,
    environment: {},
  });
  const call = () =>
    client.post({
      path: '/',
      headers: {},
      body: Buffer.from('x'),
      signal: new AbortController().signal,
      onSent: () => order.push('sent'),
    });
  // Nobody vouches for the certificate: the handshake ends without a word being sent.
  expect(await call()).toMatchObject({ kind: 'failed', fault: 'certificate', sent: false });
  expect(order.splice(0)).toEqual(['handshake begins']);
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  expect(await call()).toMatchObject({ kind: 'response', text: 'ok' });
  vi.unstubAllEnvs();
  expect(order).toEqual(['handshake begins', 'sent', 'request']);
  await client.close();
  slow.close();
});

test('a handshake that never ends is not sent', async () => {
  const deaf = createTcpServer((socket) => void socket.on('error', () => {}));
  deaf.listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  const reply = await enroll(`https://127.0.0.1:${(deaf.address() as AddressInfo).port}`, {}, 200);
  expect(reply).toMatchObject({ kind: 'unavailable', sent: false });
  deaf.close();
});
