import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 60;
/** At which the photos would take an hour. */
const slow = ['--rate', '0.02'];

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

async function open(): Promise<void> {
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
}

const firstCall = () => until(() => scene.engine.calls.length >= 1);

describe('rollcall set', () => {
  it('changes a run while it goes on, in all its processes', async () => {
    await open();
    const running = scene.start(['run', './archive', ...slow, '--processes', '2']);
    const other = scene.start(['worker'], { environment: { ROLLCALL_RATE: undefined } });
    await firstCall();
    const [runId = ''] = await scene.runIds();
    const set = ['set', runId, '--rate', '1000', '--concurrency', '3', '--stop-after-failures', '40'];
    expect(await scene.run(set)).toMatchObject({ exitCode: 0 });
    expect((await running.ended).exitCode).toBe(0);
    expect(scene.engine.calls).toHaveLength(photos);
    expect(await scene.record(runId)).toMatchObject({
      state: 'finished',
      concurrency: 3,
      settings: { rate: 1000, stopAfterFailures: { count: 40 } },
    });
    other.signal('SIGTERM');
    await other.ended;
    expect((await scene.run(['status', runId])).stdout).toContain(
      'changed to 1000 calls a second, 3 photos at once in each process, a stop after 40 dead letters',
    );
  });

  it('stands although the process dies that has not taken it over yet', async () => {
    await open();
    const first = scene.start(['run', './archive', ...slow]);
    await firstCall();
    const [runId = ''] = await scene.runIds();
    first.signal('SIGKILL');
    await first.ended;
    expect((await scene.run(['set', runId, '--rate', '1000'])).stdout).toContain('--rate 1000');
    const again = ['run', './archive', '--max-attempts', '7'];
    const second = await scene.start(again, { environment: { ROLLCALL_RATE: undefined } }).ended;
    expect(second.exitCode).toBe(0);
    expect((await scene.record(runId)).settings).toMatchObject({ rate: 1000, maxAttempts: 7 });
  });

  it.each([
    ['without anything to change', ['--queue', 'embedded'], 'Say what to change: --rate'],
    ['to what is no rate', ['--rate', '0'], '--rate'],
  ])('is refused %s', async (_, words, message) => {
    await open();
    const end = await scene.run(['set', 'one', ...words]);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain(message);
  });
});
