import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import { watchEviction } from '../../src/queue/redis/redis-eviction.ts';
import { RollcallError } from '../../src/util/errors.ts';
import { createTestCertificate } from '../helpers/engine-server-certificate.ts';
import { startRedisProcess } from '../helpers/redis-process.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const noticed: string[] = [];
const onError = (error: Error) => void noticed.push(error.message);

/** What opening a queue ends with, and after how long. */
async function failureOf(queue: string, more: { signal?: AbortSignal } = {}): Promise<RollcallError> {
  const startedAt = performance.now();
  const failure: unknown = await openQueue({ queue, onError, ...more }).then(
    (backend) => backend.close(),
    (error) => error,
  );
  if (!(failure instanceof RollcallError)) throw new Error(`${queue}: ${failure ?? 'opened'}`);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(failure.message).toContain('--queue');
  expect(failure.message).not.toMatch(/report this|secret/);
  return failure;
}

interface Stranger {
  readonly what: string;
  readonly scheme?: 'redis' | 'rediss';
  readonly answers: (socket: Socket) => void;
  readonly code: string;
  readonly says: RegExp;
}

const says = (text: string) => (socket: Socket) => void socket.write(text);
const repliesOnce = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text));

const strangers: readonly Stranger[] = [
  {
    what: 'HTTP',
    answers: repliesOnce('HTTP/1.1 400 Bad Request\r\n\r\n'),
    code: 'queue-not-redis',
    says: /not Redis: it speaks HTTP/,
  },
  {
    what: 'a page',
    answers: repliesOnce('<!DOCTYPE html><html></html>'),
    code: 'queue-not-redis',
    says: /it speaks HTTP/,
  },
  {
    what: 'SSH',
    answers: says('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'),
    code: 'queue-not-redis',
    says: /it speaks SSH/,
  },
  {
    what: 'SMTP',
    answers: says('220 mail.example ESMTP Postfix\r\n'),
    code: 'queue-not-redis',
    says: /it speaks SMTP/,
  },
  {
    what: 'FTP',
    answers: says('220 ProFTPD Server ready\r\n'),
    code: 'queue-not-redis',
    says: /it speaks FTP/,
  },
  {
    what: 'mail',
    answers: says('* OK [CAPABILITY IMAP4rev1] ready\r\n'),
    code: 'queue-not-redis',
    says: /a mail protocol/,
  },
  {
    what: 'MySQL',
    answers: says('J\0\0\0\n8.0.36\0\x08\0\0\0caching_sha2_password\0'),
    code: 'queue-not-redis',
    says: /it speaks MySQL/,
  },
  { what: 'memcached', answers: repliesOnce('ERROR\r\n'), code: 'queue-not-redis', says: /memcached/ },
  { what: 'noise', answers: says('\x00\x01\x02\x03'), code: 'queue-not-redis', says: /another protocol/ },
  {
    what: 'silence',
    answers: () => undefined,
    code: 'queue-not-redis',
    says: /accepts connections and never answers/,
  },
  {
    what: 'silence with TLS',
    scheme: 'rediss',
    answers: () => undefined,
    code: 'queue-not-redis',
    says: /never answers/,
  },
  {
    what: 'a closed door',
    answers: (socket) => void socket.end(),
    code: 'queue-not-redis',
    says: /closes each connection without a word/,
  },
  {
    what: 'a cut',
    answers: (socket) => void socket.destroy(),
    code: 'queue-not-redis',
    says: /closes each connection/,
  },
  {
    what: 'protected mode',
    answers: (socket) =>
      void socket.end('-DENIED Redis is running in protected mode because protected mode is enabled\r\n'),
    code: 'queue-protected',
    says: /protected mode: .*requirepass/,
  },
  {
    what: 'no connection left',
    answers: (socket) => void socket.end('-ERR max number of clients reached\r\n'),
    code: 'queue-connections',
    says: /no connection free.*maxclients/,
  },
];

describe('a queue at a port where something else answers', () => {
  it.concurrent.each(strangers)(
    '$what: one sentence',
    async ({ scheme = 'redis', answers, code, says: sentence }) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        answers(socket);
      });
      const port = await portOf(server);
      const failure = await failureOf(`${scheme}://user:secret@127.0.0.1:${port}`);
      expect(failure).toMatchObject({ code, exitCode: 4 });
      expect(failure.message).toMatch(sentence);
      server.close();
    },
    30_000,
  );

  it.concurrent('TLS without rediss://: says so', async () => {
    const server = createTlsServer(createTestCertificate(), (socket) => socket.on('error', () => undefined));
    server.on('tlsClientError', () => undefined);
    const failure = await failureOf(`redis://127.0.0.1:${await portOf(server)}`);
    expect(failure).toMatchObject({ code: 'queue-not-redis', exitCode: 4 });
    expect(failure.message).toContain('speaks TLS: use rediss://');
    server.close();
  }, 30_000);

  it.concurrent('is not waited for after an interrupt', async () => {
    const server = createServer(() => undefined);
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const port = await portOf(server);
    const opening = openQueue({ queue: `redis://127.0.0.1:${port}`, onError, signal: controller.signal });
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    server.close();
  });
});

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Misfit {
  readonly what: string;
  /** Makes the server what it should not be. */
  readonly set: readonly (readonly [string, ...string[]])[];
  readonly unset: readonly (readonly [string, ...string[]])[];
  readonly queue?: (url: string) => string;
  readonly code: string;
  readonly exitCode: number;
  readonly says: readonly RegExp[];
}

const config = (name: string, value: string) => ['CONFIG', 'SET', name, value] as const;
const least = ['~{rollcall}:*', '-@all', '+@read', '+@write', '+@connection', '-@dangerous'];
const own = ['+eval', '+evalsha', '+info', '+time'];
const asUser = (url: string) => url.replace('//', '//guest:secret@');
const lacking = (right: string, rules: readonly string[], says: RegExp): Misfit => ({
  what: `a user without ${right}`,
  set: [['ACL', 'SETUSER', 'guest', 'reset', 'on', '>secret', ...rules]],
  unset: [['ACL', 'DELUSER', 'guest']],
  queue: asUser,
  code: 'queue-rights',
  exitCode: 2,
  says: [says, /user guest may not/, /ACL SETUSER guest ~\{rollcall\}:\* -@all \+@read/],
});
const without = (right: string) => own.filter((one) => one !== right);

const misfits: readonly Misfit[] = [
  {
    what: 'a read-only replica',
    set: [['REPLICAOF', '127.0.0.1', '1']],
    unset: [['REPLICAOF', 'NO', 'ONE']],
    code: 'queue-read-only',
    exitCode: 4,
    says: [/is a replica, and read-only: name its master \(127\.0\.0\.1:1\)/],
  },
  {
    what: 'a replica that takes writes',
    set: [config('replica-read-only', 'no'), ['REPLICAOF', '127.0.0.1', '1']],
    unset: [['REPLICAOF', 'NO', 'ONE'], config('replica-read-only', 'yes')],
    code: 'queue-read-only',
    exitCode: 4,
    says: [/name its master/],
  },
  {
    what: 'a database that there is not',
    set: [],
    unset: [],
    queue: (url) => `${url}/99`,
    code: 'queue-address',
    exitCode: 2,
    says: [/has no database 99/, /0 to 15/],
  },
  {
    what: 'too little memory',
    set: [config('maxmemory', '5mb')],
    unset: [config('maxmemory', '0')],
    code: 'queue-memory',
    exitCode: 4,
    says: [/too little memory left: maxmemory is 5\.0 MB/],
  },
  {
    what: 'no memory at all',
    set: [config('maxmemory', '1')],
    unset: [config('maxmemory', '0')],
    code: 'queue-memory',
    exitCode: 4,
    says: [/maxmemory/],
  },
  ...['allkeys-lru', 'volatile-ttl', 'allkeys-random'].map((policy) => ({
    what: policy,
    set: [config('maxmemory-policy', policy)],
    unset: [config('maxmemory-policy', 'noeviction')],
    code: 'queue-evicts',
    exitCode: 2,
    says: [new RegExp(`maxmemory-policy ${policy}`), /CONFIG SET maxmemory-policy noeviction/],
  })),
  {
    what: 'too few replicas',
    set: [config('min-replicas-to-write', '2')],
    unset: [config('min-replicas-to-write', '0')],
    code: 'queue-replicas',
    exitCode: 4,
    says: [/min-replicas-to-write/],
  },
  {
    what: 'one free connection',
    // Those of this test and of the one that looks.
    set: [config('maxclients', '2')],
    unset: [config('maxclients', '10000')],
    code: 'queue-connections',
    exitCode: 4,
    says: [/no connection free.*raise maxclients/],
  },
  lacking('INFO', [...least, ...without('+info')], /may not use INFO on/),
  lacking('EVAL', [...least, ...without('+eval')], /may not use EVAL on/),
  lacking('EVALSHA', [...least, ...without('+evalsha')], /may not use EVALSHA on/),
  lacking('TIME', [...least, ...without('+time')], /may not use TIME on/),
  lacking('writes', [...least.filter((rule) => rule !== '+@write'), ...own], /writing to keys/),
  lacking('the keys', ['~other:*', ...least.slice(1), ...own], /writing to keys \{rollcall\}:\*/),
  lacking('everything', ['-@all', '+@connection'], /INFO, EVAL, EVALSHA, writing/),
];

describe('a queue on a Redis that cannot hold it', () => {
  let redis: TestRedis;
  let admin: Redis;

  beforeAll(async () => {
    redis = await startTestRedis();
    admin = new Redis(redis.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.close();
  });

  it.each(misfits)('$what: refused, with its cause and what to do', async (misfit) => {
    for (const [command, ...args] of misfit.set) await admin.call(command, ...args);
    const failure = await failureOf(misfit.queue?.(redis.url) ?? redis.url).finally(async () => {
      for (const [command, ...args] of misfit.unset) await admin.call(command, ...args);
    });
    expect(failure).toMatchObject({ code: misfit.code, exitCode: misfit.exitCode });
    for (const sentence of misfit.says) expect(failure.message).toMatch(sentence);
  });

  it('says that it does not speak TLS', async () => {
    const failure = await failureOf(redis.url.replace('redis:', 'rediss:'));
    expect(failure.message).toContain('does not speak TLS: use redis://');
  });

  it('opens for a user who may do no more than is needed, in its last database', async () => {
    await admin.call('ACL', 'SETUSER', 'least', 'on', '>secret', ...least, ...own);
    const backend = await openQueue({ queue: `${redis.url.replace('//', '//least:secret@')}/15`, onError });
    await backend.accounts.read('a');
    await backend.close();
    expect(await admin.keys('*check*')).toEqual([]);
  });

  it('looks again at the policy, and tells of each change once', async () => {
    const told: string[] = [];
    const end = watchEviction(admin, {
      url: redis.url,
      onNotice: ({ message }) => void told.push(message),
      everyInMs: 10,
    });
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await until(() => told.length === 1);
    await admin.config('SET', 'maxmemory-policy', 'volatile-lru');
    await until(() => told.length === 2);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.ping();
    end();
    expect(told[0]).toMatch(/maxmemory-policy allkeys-lru/);
    expect(told[1]).toMatch(/volatile-lru/);
  });

  it('tells when its master became a replica, and goes on when it is one again', async () => {
    noticed.length = 0;
    const backend = await openQueue({ queue: redis.url, onError });
    await admin.call('REPLICAOF', '127.0.0.1', '1');
    const writing = backend.callBudget.take('r', 5);
    await until(() => noticed.some((notice) => /has become a read-only replica/.test(notice)));
    await admin.call('REPLICAOF', 'NO', 'ONE');
    expect(await writing).toBe(true);
    expect(noticed.filter((notice) => /read-only replica/.test(notice))).toHaveLength(1);
    await backend.close();
  });

  it('says that a Sentinel holds no data', async () => {
    const folder = await makeTemporaryFolder();
    const file = join(folder.path, 'sentinel.conf');
    await writeFile(file, `bind 127.0.0.1\ndir ${folder.path}\n`);
    const sentinel = await startRedisProcess((port) => [file, '--sentinel', '--port', `${port}`]);
    const failure = await failureOf(`redis://127.0.0.1:${sentinel.port}`);
    expect(failure).toMatchObject({ code: 'queue-address', exitCode: 2 });
    expect(failure.message).toContain(
      'is a Sentinel, which knows the master and holds no data: use redis+sentinel://',
    );
    await sentinel.kill();
    await folder.remove();
  });

  it('waits while it loads its data, and says so', async () => {
    // It answers after every 1,024 of them.
    const loading = await startTestRedis({ args: ['--key-load-delay', '200'] });
    const link = new Redis(loading.url, {
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
    });
    link.on('error', () => undefined);
    const pipeline = link.pipeline();
    for (let key = 0; key < 6_000; key += 1) pipeline.set(`other:${key}`, key);
    await pipeline.exec();
    await loading.kill();
    const started = loading.start();
    await until(
      () =>
        link.ping().then(
          () => false,
          (error: Error) => /LOADING/.test(error.message),
        ),
      { pollInMs: 5 },
    );
    noticed.length = 0;
    const backend = await openQueue({ queue: loading.url, onError });
    expect(noticed).toEqual([expect.stringMatching(/still loading its data: waiting up to 60 s/)]);
    await backend.close();
    await started;
    link.disconnect();
    await loading.close();
  });
});
