import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Canary, canary, findCanaries } from '../helpers/canaries.ts';
import type { CommandEnd } from '../helpers/command-line.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { dumpEmbedded, dumpRedis } from '../helpers/queue-dump.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';
import { type PhotoServer, startPhotoServer } from '../photos/photo-server.ts';

/** With signs that URLs and base64 write in another way. */
const secretOf = (name: string) => `${name}+${randomBytes(9).toString('hex')}/${name}=`;

const secrets = {
  appId: secretOf('ident'),
  appKey: secretOf('hush'),
  wrongKey: secretOf('oops'),
  redisPassword: secretOf('store'),
  signature: secretOf('sign'),
  movedSignature: secretOf('moved'),
  urlPassword: secretOf('door'),
} as const;
const photoMark = randomBytes(24);
const canaries: readonly Canary[] = [
  ...Object.entries(secrets).map(([name, secret]) => canary(name, secret)),
  canary('photo', photoMark),
];

/** Photos with the mark in their bytes; each makes the engine answer in another way. */
const scripts = [
  'ok',
  'echo',
  'echo-503x2',
  'echo-503',
  '429x1',
  'cut-json',
  'ok-no-id',
  'reset-after',
  'code-5',
];
const ordinary = 12;

let photoServer: PhotoServer;
let redis: TestRedis;

beforeAll(async () => {
  const photo = await markedPhoto('ok#https');
  photoServer = await startPhotoServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/photo.jpg') return response.writeHead(200, { etag: '"v1"' }).end(photo);
    if (path !== '/moved.jpg') return response.writeHead(403).end('no');
    const location = `/away.jpg?X-Amz-Signature=${encodeURIComponent(secrets.movedSignature)}`;
    return response.writeHead(302, { location }).end();
  });
  redis = await startTestRedis({ password: secrets.redisPassword });
});

afterAll(async () => {
  await photoServer.close();
  await redis.close();
});

it('finds what it looks for, in every spelling', () => {
  const [key, mark] = [Buffer.from(secrets.appKey), photoMark];
  const around = (bytes: Buffer) => Buffer.concat([Buffer.from('user:'), bytes, Buffer.from('.')]);
  for (const [name, bytes] of Object.entries({ appKey: key, photo: mark })) {
    for (const text of [
      around(bytes).toString('latin1'),
      around(bytes).toString('base64'),
      around(bytes).toString('base64url'),
      bytes.toString('base64'),
      `\\\\x${bytes.toString('hex')}`,
      JSON.stringify({ text: bytes.toString('latin1') }),
    ]) {
      expect(findCanaries(canaries, { text }).join(), text).toContain(name);
    }
  }
  expect(findCanaries(canaries, { text: encodeURIComponent(secrets.appKey) })).not.toEqual([]);
  expect(findCanaries(canaries, { text: 'nothing of the kind' })).toEqual([]);
});

describe.each(['embedded', 'redis'] as const)('what a run leaves behind, on %s', (kind) => {
  const texts: Record<string, string> = {};
  let scene: Scene;
  let runId = '';
  let end: CommandEnd;

  const dump = () => (kind === 'redis' ? dumpRedis(redis.url) : dumpEmbedded(scene.stateFolder));
  const note = (place: string, { stdout, stderr }: CommandEnd) => {
    texts[`stdout of ${place}`] = stdout;
    texts[`stderr of ${place}`] = stderr;
  };

  /** Processes, with all that one of them writes, whoever writes it. */
  const run = (...command: Parameters<Scene['start']>) => scene.start(...command).ended;

  beforeAll(async () => {
    scene = await openScene({
      queue: kind === 'redis' ? redis.url : undefined,
      credentials: secrets,
      latencyInMs: [250, 350],
      environment: { NODE_EXTRA_CA_CERTS: photoServer.caFile, ROLLCALL_LOG_LEVEL: 'debug' },
    });
    await writeManifest(scene.folder, photoServer.port);
    const pace = ['--concurrency', '2', '--max-attempts', '3', '--backoff', '50ms..100ms'];
    const command = ['run', 'people.csv', '--allow-private', ...pace];
    note('a wrong key', await run(command, { environment: { OOTO_APP_KEY: secrets.wrongKey } }));
    const running = scene.start([...command, '--log-file', 'run.log']);
    const callsBefore = scene.engine.calls.length;
    for (const calls of [2, 8, 16, 24]) {
      await until(() => scene.engine.calls.length >= callsBefore + calls);
      texts[`the queue after ${calls} calls`] = await dump();
    }
    end = await running.ended;
    note('the run', end);
    [runId = ''] = await scene.runIds();
    texts['the queue after the run'] = await dump();
    note('status', await run(['status', '--json']));
    note('report', await run(['report', '--format', 'csv']));
    note('doctor', await run(['doctor', 'people.csv']));
    if (kind === 'redis') {
      const [away, wrong] = [new URL(redis.url), new URL(redis.url)];
      away.port = '1';
      wrong.password = encodeURIComponent(secrets.wrongKey);
      note('no server', await run(['doctor'], { environment: { ROLLCALL_QUEUE: away.href } }));
      note('a wrong password', await run(['doctor'], { environment: { ROLLCALL_QUEUE: wrong.href } }));
    }
    texts['run.log'] = await readFile(join(scene.folder, 'run.log'), 'latin1');
  }, 300_000);

  afterAll(() => scene.close());

  it('has run: secrets and photos were used, and the queue held jobs when it was looked at', async () => {
    expect(end.exitCode).toBe(1);
    const report = await scene.report(runId);
    expect(report).toHaveLength(scripts.length + ordinary + 4);
    const outcomes = report.map(({ subjectId, status, error }) => [
      subjectId,
      status,
      error?.code ?? error?.kind,
    ]);
    expect(outcomes.filter(([, status]) => status !== 'enrolled')).toEqual([
      ['echo', 'rejected', '77'],
      ['echo-503', 'failed', 'unavailable'],
      ['cut-json', 'failed', 'unavailable'],
      ['ok-no-id', 'failed', 'unavailable'],
      ['reset-after', 'failed', 'unavailable'],
      ['code-5', 'rejected', '5'],
      ['moved', 'failed', 'photo'],
      ['plain', 'failed', 'manifest'],
    ]);
    expect(photoServer.requests.map(({ path }) => path)).toContainEqual(
      expect.stringContaining(encodeURIComponent(secrets.signature)),
    );
    expect(texts['the queue after 2 calls']).toContain(`ordinary-${ordinary}`);
    expect(texts['the queue after the run']).toContain('echo-503');
    expect(texts['stderr of a wrong key']).toContain('OOTO_APP_KEY');
    if (kind === 'redis') expect(texts['stdout of no server']).toContain('cannot be reached');
  });

  it('shows no secret and no photo in its output, its log and its queue', () => {
    expect(findCanaries(canaries, texts)).toEqual([]);
  });

  it('shows none in any file of its state, but the signed addresses in the manifest', async () => {
    const files: Record<string, string> = {};
    for (const entry of await readdir(scene.stateFolder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files[relative(scene.stateFolder, path)] = await readFile(path, 'latin1');
    }
    const manifest = join('runs', runId, 'manifest.jsonl');
    expect(Object.keys(files)).toContain(join('runs', runId, 'dead-letters.jsonl'));
    const { [manifest]: allowed = '', ...others } = files;
    expect(findCanaries(canaries, others)).toEqual([]);
    expect(findCanaries(canaries, { manifest: allowed })).toEqual([
      'signature (URL-encoded) in manifest',
      'urlPassword (URL-encoded) in manifest',
    ]);
  });
});

async function markedPhoto(script: string): Promise<Buffer> {
  const photo = await makePhoto();
  // Behind the end of the picture, where cameras and phones put things of their own.
  return tagPhoto(Buffer.concat([photo, photoMark]), script);
}

/** Local photos, then photos at signed addresses: one that is there, one that leads to another, one with a password. */
async function writeManifest(folder: string, port: number): Promise<void> {
  const names = Array.from({ length: ordinary }, (_, index) => `ordinary-${index + 1}`);
  const script = (name: string) => (name.startsWith('ordinary') ? `ok#${name}` : name);
  const rows: string[] = [];
  // An ordinary one after each other one: an engine that only fails counts as down.
  const order = scripts.flatMap((name, index) => [name, names[index] ?? '']);
  for (const name of [...order, ...names.slice(scripts.length)]) {
    await writeFiles(folder, { [`${name}.jpg`]: await markedPhoto(script(name)) });
    rows.push(`${name},${name}.jpg`);
  }
  const signature = encodeURIComponent(secrets.signature);
  const host = `localhost:${port}`;
  const door = `user:${encodeURIComponent(secrets.urlPassword)}@${host}`;
  rows.push(
    `signed,https://${host}/photo.jpg?X-Amz-Signature=${signature}`,
    `moved,https://${host}/moved.jpg?X-Amz-Signature=${signature}`,
    `guarded,https://${door}/photo.jpg`,
    `plain,http://${door}/photo.jpg?X-Amz-Signature=${signature}`,
  );
  await writeFiles(folder, { 'people.csv': ['subject_id,photo', ...rows, ''].join('\n') });
}
