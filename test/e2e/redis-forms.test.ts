import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestCertificate } from '../helpers/engine-server-certificate.ts';
import { writePhotos } from '../helpers/photos.ts';
import { provideRedis } from '../helpers/provide-redis.ts';
import { startTestCluster } from '../helpers/redis-cluster.ts';
import { connectTo, startRedisProcess } from '../helpers/redis-process.ts';
import { startTestSentinel } from '../helpers/redis-sentinel.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

/** What an ACL user needs; in a Cluster also `+cluster|slots +cluster|info`. */
const leastRules = ['~{rollcall}:*', '-@all', '+@read', '+@write', '+@connection', '-@dangerous'].concat([
  ...['+eval', '+evalsha', '+info', '+time'],
]);

let scene: Scene | undefined;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await scene?.close();
  scene = undefined;
  for (const close of closers.splice(0).reverse()) await close();
});

async function openArchive(
  queue: string,
  photos: number,
  latencyInMs?: readonly [number, number],
): Promise<Scene> {
  const opened = await openScene({ queue, ...(latencyInMs && { latencyInMs }) });
  scene = opened;
  await writePhotos(join(opened.folder, 'archive'), { count: photos });
  return opened;
}

/** All that a run needs of its queue: enqueued by one process, done by two others, one line a photo. */
async function proveRun(
  { run, start, report, folder }: Scene,
  photos: number,
  more: { while?: () => Promise<void> } = {},
) {
  const { stdout: runId, exitCode, stderr } = await run(['enqueue', './archive']);
  expect(exitCode, stderr).toBe(0);
  const workers = [1, 2].map(() => start(['worker', '--concurrency', '4']));
  await more.while?.();
  await until(
    () => workers.some((worker) => worker.stderr().includes(`Run ${runId}: finished, ${photos} photos`)),
    {
      what: `the end of the run in ${folder}`,
    },
  );
  for (const worker of workers) worker.signal('SIGTERM');
  const said = (await Promise.all(workers.map((worker) => worker.ended))).map((end) => end.stderr).join('\n');
  expect((await report(runId)).map(({ seq, status }) => [seq, status])).toEqual(
    Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled']),
  );
  return { runId, said };
}

// Several servers that know each other's addresses: not in containers.
const inDocker = (await provideRedis()) === 'docker';

describe.skipIf(inDocker)('a run on Redis', () => {
  it('behind a sentinel goes on with the replica when the master is killed', async () => {
    const sentinel = await startTestSentinel();
    closers.push(sentinel.close);
    const photos = 120;
    const opened = await openArchive(sentinel.url, photos, [100, 150]);
    const { said } = await proveRun(opened, photos, {
      async while() {
        await until(() => opened.engine.calls.length >= 30);
        await sentinel.killMaster();
      },
    });
    for (const secret of sentinel.secrets) expect(said).not.toContain(secret);
    expect(said).toContain('the queue reported a fault');
    // What the replica had not been told of yet is done again.
    expect(opened.engine.templates.size).toBe(photos);
  });

  it('as a Cluster, whose user may do no more than is needed', async () => {
    const cluster = await startTestCluster();
    closers.push(cluster.close);
    const nodes = cluster.ports.map((port) => connectTo(port));
    const rules = [...leastRules, '+cluster|slots', '+cluster|info'];
    for (const node of nodes) await node.call('ACL', 'SETUSER', 'rollcall', 'on', '>secret', ...rules);
    const opened = await openArchive(cluster.url.replace('://', '://rollcall:secret@'), 30);
    const { said } = await proveRun(opened, 30);
    expect(opened.engine.calls).toHaveLength(30);
    expect(said).not.toContain('fault');
    for (const node of nodes) {
      expect(await node.call('ACL', 'LOG')).toEqual([]);
      node.disconnect();
    }
  });

  it('with TLS, certificates of both sides, and an ACL user that may do no more than is needed', async () => {
    const opened = await openArchive('redis://127.0.0.1:1', 30);
    const file = (name: string) => join(opened.folder, name);
    const { key, cert } = createTestCertificate();
    await Promise.all([writeFile(file('key.pem'), key), writeFile(file('cert.pem'), cert)]);
    const server = await startRedisProcess(
      (port) => [
        ...[
          '--port',
          '0',
          '--tls-port',
          `${port}`,
          '--bind',
          '127.0.0.1',
          '--dir',
          opened.folder,
          '--save',
          '',
        ],
        ...['--tls-key-file', file('key.pem'), '--tls-cert-file', file('cert.pem')],
        ...['--tls-ca-cert-file', file('cert.pem'), '--tls-auth-clients', 'yes'],
      ],
      { login: { tls: { ca: cert, cert, key } } },
    );
    closers.push(server.kill);
    const admin = new Redis(server.port, '127.0.0.1', { tls: { ca: cert, cert, key } });
    await admin.call('ACL', 'SETUSER', 'rollcall', 'on', '>secret', ...leastRules);
    const address = `rediss://rollcall:secret@127.0.0.1:${server.port}`;
    const files = `cert=${file('cert.pem')}&key=${file('key.pem')}`;
    const of = (queue: string, more = {}) => ({ environment: { ROLLCALL_QUEUE: queue, ...more } });

    // Whom to trust is said by the address, or by Node.js's own variable; without either the server is a stranger.
    const stranger = await opened.run(['enqueue', './archive'], of(`${address}?${files}`));
    expect(stranger.exitCode).toBe(4);
    expect(stranger.stderr).toMatch(/certificate/i);
    expect(stranger.stderr).not.toContain('secret');
    const trusting = of(`${address}?${files}`, { NODE_EXTRA_CA_CERTS: file('cert.pem') });
    const enqueued = await opened.start(['enqueue', './archive'], trusting).ended;
    expect(enqueued.exitCode, enqueued.stderr).toBe(0);
    const runId = enqueued.stdout;
    const worker = opened.start(['worker'], of(`${address}?${files}&ca=${file('cert.pem')}`));
    await until(() => worker.stderr().includes(`Run ${runId}: finished, 30 photos`));
    worker.signal('SIGTERM');
    const { stderr } = await worker.ended;
    expect(stderr).not.toContain('NOPERM');
    expect(stderr).not.toContain('secret');
    expect(opened.engine.calls).toHaveLength(30);
    // Nothing was asked for that the rules do not allow.
    const denied = JSON.stringify(await admin.call('ACL', 'LOG'));
    admin.disconnect();
    expect(denied).toBe('[]');
  });
});
