import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canary, findCanaries } from '../helpers/canaries.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { dumpRedis } from '../helpers/queue-dump.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';
import { type PhotoServer, startPhotoServer } from '../photos/photo-server.ts';

let redis: TestRedis;
let store: S3Server;
let photos: PhotoServer;
let scene: Scene;
const signature = `sign+${randomBytes(12).toString('hex')}/=`;

beforeAll(async () => {
  redis = await startTestRedis();
  store = await startS3Server();
  await store.createBucket('archive');
  await store.put('archive', [['staff/ann b+c.jpg', await makePhoto()]]);
  const photo = await makePhoto();
  photos = await startPhotoServer((_request, response) => response.writeHead(200).end(photo));
  scene = await openScene({
    language: 'verihubs',
    queue: redis.url,
    environment: { ...store.environment, ROLLCALL_BACKOFF: '10ms..20ms' },
  });
  const script = (name: string) => makePhoto({ script: name });
  const ordinary: Record<string, Buffer> = {};
  for (let number = 1; number <= 10; number += 1) ordinary[`emp-${number}.jpg`] = await makePhoto();
  await writeFiles(join(scene.folder, 'staff'), {
    ...ordinary,
    'big.jpg': await makeBigPhoto(),
    'busy.jpg': await script('503x1'),
    'faceless.png': await makePhoto({ format: 'png', script: 'code-face-not-detected' }),
    'late.jpg': await script('code-invalid-payload-image-timeoutx1'),
    'masked.jpg': await script('code-fail-on-11'),
    'renamed.jpg': await script('ok-other-id'),
    'spoof.jpg': await script('not-live'),
    'web.webp': await makePhoto({ format: 'webp' }),
    'Zoe\u0308 Å.jpg': await makePhoto(),
  });
  await writeFiles(scene.folder, { 'again.csv': 'subject_id,photo\nemp-1,staff/emp-1.jpg\n' });
}, 180_000);

afterAll(async () => {
  await scene?.close();
  await photos?.close();
  await store?.close();
  await redis?.close();
});
afterEach(() => scene.engine.setMode('normal'));

/** Noise does not compress: some 6 MB. */
function makeBigPhoto(): Promise<Buffer> {
  const [width, height] = [1700, 1600];
  const pixels = randomBytes(width * height * 3);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

describe('a run into Verihubs', () => {
  it('gives every photo its line: as it is sent, prepared, tried again or refused', async () => {
    const flags = ['--require', 'liveness', '--validate-quality', '--validate-nface'];
    const end = await scene.run(['run', 'staff', '--run-id', 'first', ...flags]);
    expect(end).toMatchObject({ exitCode: 1 });
    const lines = await scene.report('first');
    expect(lines).toHaveLength(19);
    const of = (subjectId: string) => lines.find((line) => line.subjectId === subjectId);
    expect(of('emp-1')).toMatchObject({
      status: 'enrolled',
      stored: 'yes',
      engine: 'verihubs',
      templateId: 'emp-1',
      transactionId: expect.any(String),
      attempts: 1,
      checks: { liveness: { score: 0.98, fine: true } },
      quality: { blur: 12.5 },
      face: { faces: 1, attributes: { hat: true } },
    });
    expect(lines.filter(({ status }) => status === 'enrolled')).toHaveLength(16);
    expect(of('big')).toMatchObject({ status: 'enrolled', warnings: [expect.stringMatching(/re|scaled/)] });
    expect(of('big')?.sizeInBytes).toBeGreaterThan(5_000_000);
    const bigCall = scene.engine.calls.find(({ templateId }) => templateId === 'big');
    expect(bigCall?.photoSizeInBytes).toBeLessThanOrEqual(3_750_000);
    expect(of('busy')).toMatchObject({ status: 'enrolled', attempts: 2 });
    expect(of('late')).toMatchObject({ status: 'enrolled', attempts: 2 });
    expect(of('web')).toMatchObject({ status: 'enrolled', warnings: ['converted-from-webp'] });
    expect(of('faceless')).toMatchObject({
      status: 'rejected',
      stored: 'no',
      error: { kind: 'rejected', code: 'FACE_NOT_DETECTED', httpStatus: 400, reasons: [] },
    });
    expect(of('masked')).toMatchObject({
      status: 'rejected',
      stored: 'unknown',
      error: { code: 'FAIL_ON_11', httpStatus: 200, reasons: ['liveness', 'attribute', 'face-count'] },
    });
    expect(of('spoof')).toMatchObject({
      status: 'rejected',
      stored: 'yes',
      error: { code: 'check-liveness' },
    });
    expect(of('renamed')).toMatchObject({
      stored: 'unknown',
      templateId: 'renamed',
      templateIds: { sent: 'renamed' },
      warnings: ['template-shared'],
    });
    const { stdout: csv } = await scene.run(['report', 'first', '--format', 'csv']);
    expect(csv).toContain('FAIL_ON_11,liveness attribute face-count,');
    expect(lines.map(({ templateId }) => templateId)).toContain('Zo\u00eb Å');
    expect(JSON.stringify(lines)).not.toMatch(/"(age|gender)"/);
    for (const { violations, fields } of scene.engine.calls) {
      expect(violations).toEqual([]);
      expect(fields).toMatchObject({
        is_quality: true,
        is_attribute: true,
        is_liveness: true,
        validate_quality: true,
        validate_attribute: false,
        validate_liveness: true,
        validate_nface: true,
      });
    }
  });

  it('updates a subject that is there already', async () => {
    expect(await scene.run(['run', 'again.csv', '--run-id', 'again'])).toMatchObject({ exitCode: 0 });
    expect(await scene.report('again')).toMatchObject([{ status: 'enrolled', templateId: 'emp-1' }]);
    expect(scene.engine.templates.get('emp-1')).toMatchObject({ enrolled: 2 });
    // Another run, not the first one's settings.
    expect(scene.engine.calls.at(-1)?.fields).toMatchObject({ is_liveness: false, validate_quality: false });
  });

  it('pauses the account when its quota is used up, says so, and goes on afterwards', async () => {
    scene.engine.setMode('code-insufficient-quota-enroll');
    const command = ['run', 'staff', '--run-id', 'quota', '--include', 'emp-*'];
    const stopped = await scene.run(command);
    expect(stopped).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/quota is used up: INSUFFICIENT_QUOTA_ENROLL.*ask Verihubs/s),
    });
    expect(await scene.record('quota')).toMatchObject({ state: 'paused', counts: { deadLetters: 0 } });
    scene.engine.setMode('normal');
    expect(await scene.run(command)).toMatchObject({ exitCode: 0 });
    expect(await scene.summary('quota')).toMatchObject({ total: 10, byStatus: { enrolled: 10 } });
  });

  it('forgets a subject: it is deleted there, and not enrolled again', async () => {
    expect(scene.engine.templates.has('emp-1')).toBe(true);
    expect(await scene.run(['forget', 'emp-1'])).toMatchObject({ exitCode: 0 });
    expect(scene.engine.templates.has('emp-1')).toBe(false);
    expect(scene.engine.calls.at(-1)).toMatchObject({
      method: 'DELETE',
      templateId: 'emp-1',
      violations: [],
    });
    await scene.run(['run', 'again.csv', '--run-id', 'forgotten']);
    expect(await scene.report('forgotten')).toMatchObject([{ status: 'skipped', reason: 'forgotten' }]);
    expect(scene.engine.templates.has('emp-1')).toBe(false);
  });

  it('refuses settings that cannot go together before the first call', async () => {
    const before = scene.engine.calls.length;
    for (const [flags, words] of [
      [['--validate-liveness'], 'ROLLCALL_CHECK_LIVENESS'],
      [['--photo-transport', 'url', '--dry-run'], 'no engine can fetch'],
    ] as const) {
      const end = await scene.run(['run', 'staff', '--new', ...flags]);
      expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(words) });
    }
    expect(scene.engine.calls).toHaveLength(before);
  });

  it('is checked by doctor without storing anything', async () => {
    const before = scene.engine.templates.size;
    expect((await scene.run(['doctor'])).stdout).toMatch(/ok {4}account {2}verihubs at /);
    const wrong = await scene.run(['doctor'], { environment: { VERIHUBS_API_KEY: 'mistyped' } });
    expect(wrong).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('VERIHUBS_API_KEY') });
    expect(scene.engine.templates.size).toBe(before);
  });
});

describe('photos that the engine fetches itself', () => {
  it('come by their address, of which no signature is left anywhere', async () => {
    const https = `https://localhost:${photos.port}/bob.jpg?X-Amz-Signature=${encodeURIComponent(signature)}`;
    await writeFiles(scene.folder, {
      'urls.csv': [
        'subject_id,photo',
        'ann,s3://archive/staff/ann b+c.jpg',
        `bob,${https}`,
        'gone,s3://archive/staff/gone.jpg',
        'here,staff/emp-1.jpg',
        '',
      ].join('\n'),
    });
    scene.engine.reset();
    scene.engine.setLatency([400, 500]);
    const texts: Record<string, string> = {};
    const running = scene.start([
      ...['run', 'urls.csv', '--run-id', 'urls', '--photo-transport', 'url', '--concurrency', '1'],
      ...['--log-file', 'urls.log', '--log-level', 'debug'],
    ]);
    for (const calls of [1, 2, 3]) {
      await until(() => scene.engine.calls.length >= calls);
      texts[`the queue after ${calls} calls`] = await dumpRedis(redis.url);
    }
    const end = await running.ended;
    expect(end.exitCode).toBe(1);
    const lines = await scene.report('urls');
    expect(lines).toMatchObject([
      { subjectId: 'ann', status: 'enrolled', templateId: 'ann', photo: 's3://archive/staff/ann b+c.jpg' },
      { subjectId: 'bob', status: 'enrolled', photo: `https://localhost:${photos.port}/bob.jpg?redacted` },
      { subjectId: 'gone', status: 'rejected', error: { code: 'INVALID_PAYLOAD_IMAGE_FORMAT' } },
      { subjectId: 'here', status: 'failed', error: { kind: 'photo' } },
    ]);
    for (const line of lines) expect(line).not.toHaveProperty('sha256');
    expect(lines[3]?.error?.message).toContain('no engine can fetch');
    // The engine's own request, and no other.
    expect(photos.requests).toHaveLength(1);
    const addresses = scene.engine.calls.map(({ photoAddress = '' }) => photoAddress);
    expect(addresses.filter((address) => address.startsWith(store.endpoint))).toHaveLength(2);
    expect(addresses).toContain(https);

    const signatures = addresses.map((address) => new URL(address).searchParams.get('X-Amz-Signature') ?? '');
    expect(new Set(signatures).size).toBe(3);
    for (const address of addresses.filter((one) => one.startsWith(store.endpoint)))
      expect(new URL(address).searchParams.get('X-Amz-Expires')).toBe('900');
    const canaries = signatures.map((secret, index) => canary(`signature ${index + 1}`, secret));
    texts.stdout = end.stdout;
    texts.stderr = end.stderr;
    texts['the queue after the run'] = await dumpRedis(redis.url);
    texts['the log'] = await readFile(join(scene.folder, 'urls.log'), 'latin1');
    for (const entry of await readdir(scene.stateFolder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) texts[relative(scene.stateFolder, path)] = await readFile(path, 'latin1');
    }
    const found = findCanaries(canaries, texts);
    // The user's own list holds the user's own signature, and is what it is fetched by.
    const own = `signature ${1 + addresses.indexOf(https)} (URL-encoded) in ${join('runs', 'urls', 'manifest.jsonl')}`;
    expect(found).toEqual([own]);
  });
});
