import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { type CompiledSource, compileSource } from '../helpers/compiled-source.ts';
import { type Answer, type PhotoServer, startPhotoServer, startTestProxy } from './photo-server.ts';
import type { ReadAnswer, ReadRequest } from './read-photos-child.ts';

// Node.js reads NODE_EXTRA_CA_CERTS when it starts, so photos are read in a process of its own, as users' are.
let compiled: CompiledSource;
let server: PhotoServer;
let base: string;

beforeAll(async () => {
  [compiled, server] = await Promise.all([
    compileSource(),
    startPhotoServer(
      (request, response) => {
        const path = (request.url ?? '').split('?')[0] ?? '';
        (answers[path] ?? answers['/status/404'])?.(request, response);
      },
      ['photos.example', 'other.example', 'private.example', 'changing.example'],
    ),
  ]);
  base = `https://localhost:${server.port}`;
});
beforeEach(() => {
  server.requests.length = 0;
});
afterAll(async () => {
  await server.close();
});

const status =
  (code: number): Answer =>
  (_, response) =>
    response.writeHead(code).end('<html>no</html>');
const redirect =
  (target: string): Answer =>
  (_, response) =>
    response.writeHead(302, { location: target }).end();
const codes = [204, 400, 401, 403, 404, 408, 410, 429, 500, 503];
const answers: Record<string, Answer> = {
  '/a.jpg': (_, response) => response.writeHead(200, { etag: '"abc"' }).end('photo'),
  '/dated.jpg': (_, response) =>
    response.writeHead(200, { 'last-modified': 'Sat, 01 Nov 2025 00:00:00 GMT' }).end('p'),
  '/empty.jpg': (_, response) => response.writeHead(200).end(),
  '/large-announced': (_, response) =>
    response.writeHead(200, { 'content-length': '3000000' }).end(Buffer.alloc(3e6)),
  '/endless': (_, response) => {
    response.writeHead(200);
    const more = () => {
      if (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) setImmediate(more);
    };
    response.on('drain', more);
    more();
  },
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => response.socket?.destroy());
  },
  '/reset': (request) => request.socket.destroy(),
  '/silent': () => undefined,
  '/stalled': (_, response) => response.writeHead(200, { 'content-length': '1000' }).write('half'),
  '/to-photo': redirect('/a.jpg'),
  '/loop': redirect('/loop'),
  '/to-http': redirect('http://localhost/a.jpg?token=CANARY'),
  '/to-password': redirect('canary-password://localhost'),
  '/to-nothing': redirect('https://'),
  '/to-loopback': redirect('https://127.0.0.1/secret'),
  '/to-mapped': redirect('https://[::ffff:127.0.0.1]/secret'),
  '/to-private': redirect('https://private.example/secret'),
  '/to-other': redirect('https://other.example/a.jpg'),
  ...Object.fromEntries(codes.map((code) => [`/status/${code}`, status(code)])),
};

async function read(
  request: Partial<ReadRequest> & Pick<ReadRequest, 'addresses'>,
  environment: Record<string, string> = {},
): Promise<ReadAnswer> {
  const program = compiled.pathOf('test/photos/read-photos-child.ts');
  const asked: ReadRequest = { allowPrivate: true, timeoutInMs: 10_000, ...request };
  const env = {
    NODE_EXTRA_CA_CERTS: server.caFile,
    NO_PROXY: '',
    HTTPS_PROXY: '',
    https_proxy: '',
    ...environment,
  };
  const { stdout } = await execa(process.execPath, [program, JSON.stringify(asked)], { env });
  return JSON.parse(stdout);
}

test('a photo comes with its hash and the version that its server gives', async () => {
  const paths = ['/a.jpg?sig=CANARY', '/dated.jpg', '/to-photo'];
  const { results } = await read({ addresses: paths.map((path) => base + path) });
  const sha256 = createHash('sha256').update('photo').digest('hex');
  expect(results).toEqual([
    { sha256, version: '"abc"', sizeInBytes: 5, text: 'photo' },
    expect.objectContaining({ version: 'Sat, 01 Nov 2025 00:00:00 GMT' }),
    expect.objectContaining({ text: 'photo' }),
  ]);
  expect(server.requests.map(({ path }) => path)).toEqual([...paths, '/a.jpg']);
});

test('each answer that is no photo says whether it may go better later', async () => {
  const { results } = await read({ addresses: codes.map((code) => `${base}/status/${code}?sig=CANARY`) });
  const later = codes.filter((_, index) => results[index]?.retryable === true);
  expect(later).toEqual([408, 429, 500, 503]);
  const open = codes.filter((_, index) => results[index]?.fault === 'open');
  expect(open).toEqual(codes.filter((code) => [401, 403, ...later].includes(code)));
  for (const [index, code] of codes.entries()) expect(results[index]?.problem).toContain(String(code));
  expect(JSON.stringify(results)).not.toContain('CANARY');
});

test('user and password of an address are sent to its host, and shown to nobody', async () => {
  const address = (path: string) => `https://user:CANARY%20x@localhost:${server.port}${path}`;
  const { results } = await read({ addresses: [address('/a.jpg'), address('/status/403')] });
  expect(results[0]?.text).toBe('photo');
  expect(results[1]?.problem).toContain(`https://redacted@localhost:${server.port}/status/403`);
  expect(server.requests[0]?.authorization).toBe(`Basic ${Buffer.from('user:CANARY x').toString('base64')}`);
});

test('an answer that repeats a password is told without it', async () => {
  const address = `https://user:Canary-Password@localhost:${server.port}/to-password`;
  const { results } = await read({ addresses: [address] });
  expect(results[0]?.problem).toMatch(/ redirects to \[redacted\]:\/\/, which is not read$/);
});

test('what is too large is left as soon as that is known', async () => {
  const limit = { maxSizeInBytes: 2 * 1024 * 1024 };
  const { results } = await read({ ...limit, addresses: [`${base}/large-announced`, `${base}/endless`] });
  for (const result of results) expect(result).toMatchObject({ retryable: false });
  for (const result of results) expect(result.problem).toContain('larger than 2 MiB');
});

const failures: readonly [path: string, retryable: boolean, problem: string, fault?: string][] = [
  ['/empty.jpg', false, 'photo is empty'],
  ['/cut', true, 'localhost', 'open'],
  ['/reset', true, 'localhost', 'open'],
  ['/loop', false, 'redirects more than 5 times'],
  ['/to-http', false, 'redirects to http://, which is not read'],
  ['/to-nothing', false, 'redirects to something that is not an address'],
];

test('connections that break and redirects that lead nowhere say whether they may go better later', async () => {
  const { results } = await read({ addresses: failures.map(([path]) => base + path) });
  expect(results).toEqual(
    failures.map(([, retryable, problem, fault]) => ({
      problem: expect.stringContaining(problem),
      retryable,
      ...(fault && { fault }),
    })),
  );
  expect(JSON.stringify(results)).not.toContain('CANARY');
});

test('the time limit covers silence and a body that stalls', async () => {
  const { results } = await read({ timeoutInMs: 300, addresses: [`${base}/silent`, `${base}/stalled`] });
  for (const result of results) {
    expect(result).toEqual({
      problem: expect.stringContaining('did not arrive within 0.3 s'),
      retryable: true,
      fault: 'open',
    });
  }
});

test('a certificate that is not trusted says how to trust it', async () => {
  const { results } = await read({ addresses: [`${base}/a.jpg`] }, { NODE_EXTRA_CA_CERTS: '' });
  expect(results[0]).toEqual({
    problem: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    retryable: false,
    fault: 'open',
  });
});

describe('without --allow-private', () => {
  test('this machine is refused under each of its names, before anything is sent', async () => {
    const hosts = [
      'localhost',
      '127.0.0.1',
      '[::1]',
      '0x7f.1',
      '2130706433',
      '127.0.0.1.',
      '[::ffff:127.0.0.1]',
    ];
    const addresses = hosts.map((host) => `https://${host}:${server.port}/a.jpg`);
    const { results } = await read({ allowPrivate: false, addresses });
    const refused = { problem: expect.stringContaining('--allow-private permits that'), retryable: false };
    expect(results).toEqual(hosts.map(() => refused));
    expect(server.requests).toEqual([]);
  });

  test('a name is judged by the very lookup that is connected to', async () => {
    const address = `https://changing.example:${server.port}/a.jpg`;
    const refused = await read({
      allowPrivate: false,
      addresses: [address],
      names: { 'changing.example': ['127.0.0.1', '93.184.215.14'] },
    });
    expect(refused.results[0]?.problem).toContain('changing.example leads to a loopback');
    expect(refused.lookups).toEqual(['changing.example']);
    const permitted = await read({
      addresses: [address],
      names: { 'changing.example': ['127.0.0.1', '10.0.0.1'] },
    });
    expect(permitted).toMatchObject({ results: [{ text: 'photo' }], lookups: ['changing.example'] });
  });
});

describe('through a proxy, without --allow-private', () => {
  const names = {
    'photos.example': ['93.184.215.14'],
    'other.example': ['93.184.215.15'],
    'private.example': ['10.0.0.1'],
  };

  async function readThroughProxy(
    addresses: string[],
  ): Promise<{ answer: ReadAnswer; tunnels: readonly string[] }> {
    const proxy = await startTestProxy(server.port);
    try {
      const answer = await read({ allowPrivate: false, names, addresses }, { HTTPS_PROXY: proxy.url });
      return { answer, tunnels: proxy.tunnels };
    } finally {
      await proxy.close();
    }
  }

  test('photos arrive, also from a name that only the proxy knows', async () => {
    const addresses = ['https://photos.example/a.jpg', 'https://unknown.example/a.jpg'];
    const { answer, tunnels } = await readThroughProxy(addresses);
    expect(answer.results[0]?.text).toBe('photo');
    expect(tunnels).toEqual(['photos.example:443', 'unknown.example:443']);
    expect(answer.results[1]?.problem).toContain('certificate'); // the test server's does not name it
  });

  test('a redirect into a private network is refused', async () => {
    const paths = ['/to-loopback', '/to-mapped', '/to-private'];
    const { answer, tunnels } = await readThroughProxy(paths.map((path) => `https://photos.example${path}`));
    const refused = { problem: expect.stringContaining('--allow-private'), retryable: false };
    expect(answer.results).toEqual(paths.map(() => refused));
    expect(new Set(tunnels)).toEqual(new Set(['photos.example:443']));
    expect(server.requests.map(({ path }) => path)).toEqual(paths);
  });

  test('user and password do not follow a redirect to another host', async () => {
    const { answer } = await readThroughProxy(['https://user:CANARY@photos.example/to-other']);
    expect(answer.results[0]?.text).toBe('photo');
    expect(server.requests.map(({ authorization }) => authorization !== undefined)).toEqual([true, false]);
  });
});

test('reading ends at once when the signal aborts, also while connecting', async () => {
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const reader = createPhotoReader({ allowPrivate: true, timeoutInMs: 60_000 });
  try {
    const controller = new AbortController();
    const reading = reader.read(`https://127.0.0.1:${port}/a.jpg`, controller.signal);
    const [socket] = await once(silent, 'connection');
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    socket.destroy();
  } finally {
    await reader.close();
    silent.close();
  }
});
