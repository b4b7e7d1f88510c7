import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { facelessPhoto, facePhoto, groupPhoto } from '../../helpers/face-photos.ts';
import { writeFiles } from '../../helpers/photos.ts';
import { openScene, type Scene } from '../../helpers/scene.ts';
import { until } from '../../helpers/until.ts';
import { postForm } from './engine-process.ts';

/** Nothing is named: the local engine. */
const defaults = {
  ROLLCALL_ENGINE: undefined,
  ROLLCALL_ENGINE_URL: undefined,
  ROLLCALL_BACKOFF: '100ms..1s',
  OOTO_APP_ID: undefined,
  OOTO_APP_KEY: undefined,
};

describe('a run on the defaults', () => {
  let scene: Scene;
  /** As processes: the engine in them has threads, which only the built program can start. */
  const run = (...command: Parameters<Scene['start']>) => scene.start(...command).ended;
  const servedBy = async () => {
    const text = await readFile(join(scene.stateFolder, 'local-engine', 'served-by.json'), 'utf8').catch(
      () => '{}',
    );
    return (JSON.parse(text) as { pid?: number }).pid;
  };
  const statusesOf = async (runId: string) =>
    Object.fromEntries(
      (await scene.report(runId)).map(({ subjectId, status, error }) => [subjectId, error?.code ?? status]),
    );

  beforeAll(async () => {
    scene = await openScene({ environment: defaults });
    const photo = async (name: string, bytes: Promise<Buffer>) =>
      writeFiles(scene.folder, { [name]: await bytes });
    const people = { 'one/a': 0, 'one/b': 1, 'two/c': 2, 'two/d': 5, 'two/e': 10, 'two/f': 15 };
    for (const [name, number] of Object.entries(people)) await photo(`${name}.jpg`, facePhoto(number));
    await photo('one/group.jpg', groupPhoto(1));
    await photo('one/nobody.jpg', facelessPhoto());
  });
  afterAll(() => scene.close());

  test('says what the engine is, and enrolls who is alone on a photo', async () => {
    const { stdout, stderr, exitCode } = await run(['run', 'one', '--incremental', '--json']);
    expect(stderr.split('\n')[0]).toContain('for trials and rehearsals; it is not a biometric product');
    expect(exitCode).toBe(1);
    const { run: runId } = JSON.parse(stdout);
    expect(await statusesOf(runId)).toEqual({ a: 'enrolled', b: 'enrolled', group: '6', nobody: '5' });
    expect(await scene.record(runId)).toMatchObject({ engine: 'local', engineUrl: 'built-in' });
    const time = expect.stringContaining('calls a second; the local engine may be slower');
    expect(await run(['run', 'one', '--dry-run'])).toMatchObject({ stdout: time });
    expect(await run(['doctor', 'one'])).toMatchObject({ stdout: time });
    const doctor = await run(['doctor']);
    expect(doctor).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('local at built-in') });
  });

  test('another process uses the engine that is there, and goes on with its own when that one is killed', async () => {
    const first = scene.start(['run', 'two', '--run-id', 'first']);
    await until(async () => (await servedBy()) === first.pid);
    const second = scene.start(['run', 'one', '--run-id', 'second', '--new', '--processes', '2']);
    await until(async () => (await scene.record('second').catch(() => undefined))?.counts.calls);
    expect(await servedBy()).toBe(first.pid);
    first.signal('SIGKILL');
    const end = await second.ended;
    expect(end, end.stderr).toMatchObject({ exitCode: 1 });
    expect(await statusesOf('second')).toEqual({ a: 'enrolled', b: 'enrolled', group: '6', nobody: '5' });
    expect(await run(['run', 'two', '--run-id', 'first'])).toMatchObject({ exitCode: 0 });
    expect(await statusesOf('first')).toEqual({ c: 'enrolled', d: 'enrolled', e: 'enrolled', f: 'enrolled' });
  });

  test('is one account from night to night, and its templates are there in rollcall engine', async () => {
    const engine = scene.start(['engine', '--port', '0', '--log-level', 'info']);
    const listening = /^Listening on (\S+), templates in/m;
    await until(() => listening.test(engine.stderr()));
    const again = await run(['run', 'one', '--incremental', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      calls: 0,
      byReason: { unchanged: 2, 'rejected-before': 2 },
    });
    await writeFiles(join(scene.folder, 'three'), { 'g.jpg': await facePhoto(17) });
    expect(await run(['run', 'three'])).toMatchObject({ exitCode: 0 });
    const url = listening.exec(engine.stderr())?.[1] ?? '';
    const whose = { 'APP-ID': 'rollcall-local', 'APP-KEY': 'any' };
    const found = await postForm(`${url}/api/v1.0/identify`, { photo: { bytes: await facePhoto(1) } }, whose);
    const b = (await scene.report('second')).find(({ subjectId }) => subjectId === 'b');
    expect(found.result).toMatchObject({ templateId: b?.templateId, similarity: 1 });
    // The run's call went to this server, and its log names nobody.
    expect(engine.stderr().match(/"path":"\/api\/v1.0\/add","status":200/g)).toHaveLength(1);
    expect(engine.stderr()).not.toContain('rollcall-local');
    engine.signal('SIGTERM');
    expect(await engine.ended).toMatchObject({ exitCode: 143 });
  });

  test('is refused where other machines would have to reach its templates', async () => {
    for (const environment of [
      { ROLLCALL_STATE: 's3://bucket/state', ROLLCALL_QUEUE: 'redis://127.0.0.1:1' },
      { ROLLCALL_QUEUE: 'redis://queue.example' },
    ]) {
      const { exitCode, stderr } = await run(['run', 'one', '--shared-files'], { environment });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining('--engine-url (ROLLCALL_ENGINE_URL)'),
      });
    }
  });
});
