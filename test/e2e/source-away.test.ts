import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto, writePhotos } from '../helpers/photos.ts';
import { type S3Proxy, type S3Request, startS3Proxy } from '../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 60;
const unhurried = ['--concurrency', '2', '--backoff', '10ms..100ms'];

let scene: Scene;

afterEach(() => scene.close());

async function expectAllEnrolledOnce(): Promise<void> {
  const [runId = ''] = await scene.runIds();
  const report = await scene.report(runId);
  expect(report.map(({ status, attempts }) => [status, attempts])).toEqual(
    Array.from({ length: photos }, () => ['enrolled', 1]),
  );
  expect(scene.engine.calls).toHaveLength(photos);
}

describe('a folder that is taken away under a run', () => {
  it('pauses it with the reason, charges nobody, and goes on when it is back', async () => {
    scene = await openScene({ latencyInMs: [30, 50] });
    const [archive, elsewhere] = [join(scene.folder, 'archive'), join(scene.folder, 'elsewhere')];
    await writePhotos(archive, { count: photos });
    const command = ['run', './archive', ...unhurried, '--give-up-after', '1s'];
    const running = scene.run(command);
    await until(() => scene.engine.calls.length > 5);
    await rename(archive, elsewhere);
    const end = await running;
    expect(end.exitCode, end.stderr).toBe(3);
    expect(end.stderr).toMatch(/the source cannot be read: .*nor is its folder .*is the drive connected/);
    expect(end.stderr).toContain('No photo is charged');
    const [runId = ''] = await scene.runIds();
    expect(await scene.record(runId)).toMatchObject({ state: 'paused', counts: { deadLetters: 0 } });
    await rename(elsewhere, archive);
    expect((await scene.run(command)).exitCode).toBe(0);
    await expectAllEnrolledOnce();
  });
});

describe('credentials of S3 that run out in the midst of a run', () => {
  let server: S3Server;
  let proxy: S3Proxy;

  beforeAll(async () => {
    server = await startS3Server();
    proxy = await startS3Proxy(server.endpoint);
    await server.createBucket('archive');
    const objects: [string, Buffer][] = [];
    for (let number = 1; number <= photos; number += 1)
      objects.push([`staff/p${String(number).padStart(3, '0')}.jpg`, await makePhoto()]);
    await server.put('archive', objects);
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
  });

  const keys = (name: string) =>
    `[default]\naws_access_key_id = ${name}\naws_secret_access_key = secret-of-${name}\n`;

  async function start() {
    proxy.reset();
    scene = await openScene({ latencyInMs: [30, 50] });
    const file = join(scene.folder, 'credentials');
    await writeFile(file, keys('FIRSTKEY'));
    const environment = {
      AWS_ENDPOINT_URL_S3: proxy.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ROLLCALL_S3_PATH_STYLE: 'true',
      AWS_SHARED_CREDENTIALS_FILE: file,
    };
    return {
      file,
      run: (more: string[] = []) =>
        scene.run(['run', 's3://archive/staff/', ...unhurried, ...more], { environment }),
    };
  }
  const ofFirstKey = (headers: { authorization?: string | undefined }) =>
    headers.authorization?.includes('FIRSTKEY') === true;

  it.each([
    ['ExpiredToken', 400],
    ['InvalidAccessKeyId', 403],
    ['RequestTimeTooSkewed', 403],
  ])('%s: the file that replaces them is read, and nobody is charged', async (code, status) => {
    const { file, run } = await start();
    const running = run();
    await until(() => scene.engine.calls.length > 5);
    proxy.answer(({ kind, headers }) => kind === 'get' && ofFirstKey(headers), { status, code });
    const before = proxy.count('get');
    await until(() => proxy.count('get') > before + 4);
    await writeFile(file, keys('SECONDKEY'));
    const end = await running;
    expect(end.exitCode, end.stderr).toBe(0);
    await expectAllEnrolledOnce();
  });

  it.each([
    ['ExpiredToken', 400],
    // Nothing says of whose making it is, but that no photo can be read any more.
    ['AccessDenied', 403],
  ])('%s: pauses with the reason where nobody replaces them', async (code, status) => {
    const { file, run } = await start();
    const running = run(['--give-up-after', '1s']);
    await until(() => scene.engine.calls.length > 5);
    proxy.answer(({ kind, headers }) => kind === 'get' && ofFirstKey(headers), {
      status,
      code,
    });
    const end = await running;
    expect(end.exitCode, end.stderr).toBe(3);
    expect(end.stderr).toContain('the source cannot be read: ');
    expect(end.stderr).toMatch(new RegExp(`${code}, ${status}.*No photo is charged`));
    await writeFile(file, keys('SECONDKEY'));
    expect((await run()).exitCode).toBe(0);
    await expectAllEnrolledOnce();
  });

  it('a photo that is denied alone is the photo’s fault, and a run of such photos alone says so of each', async () => {
    const { run } = await start();
    const isDenied = ({ kind, key }: S3Request) => kind === 'get' && /p00[123]/.test(key);
    proxy.answer(isDenied, { status: 403, code: 'AccessDenied' });
    const end = await run();
    expect(end.exitCode, end.stderr).toBe(1);
    expect(end.stderr).not.toContain('the source cannot be read');
    const [runId = ''] = await scene.runIds();
    const failed = (await scene.report(runId)).filter(({ status }) => status === 'failed');
    expect(failed.map(({ seq, error }) => [seq, error?.kind])).toEqual(
      [1, 2, 3].map((seq) => [seq, 'photo']),
    );
    expect(scene.engine.calls).toHaveLength(photos - 3);
    const again = await run(['--include', 'p00[123].jpg', '--new']);
    expect(again.exitCode, again.stderr).toBe(1);
    expect(scene.engine.calls).toHaveLength(photos - 3);
  });
});
