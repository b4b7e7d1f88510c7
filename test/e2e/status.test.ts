import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { freePort } from '../helpers/redis-process.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 60;

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

async function get(port: number, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

it('how runs go is shown by status, and by a worker to those who watch over it', async () => {
  scene = await openScene({ queue: redis.url, latencyInMs: [900, 1_100] });
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
  const { stdout: runId } = await scene.run(['enqueue', './archive']);
  expect((await scene.run(['status'])).stdout).toContain('waits for a worker');

  const port = await freePort();
  const slow = ['--concurrency', '1'];
  const workers = [
    scene.start(['worker', ...slow, '--health', `127.0.0.1:${port}`]),
    scene.start(['worker', ...slow]),
  ];
  const outlook = await until(async () => {
    const { outlook: shown } = await scene.record(runId);
    return shown?.workers === 2 && shown.leftInMs !== undefined ? shown : undefined;
  });
  expect(outlook.callsPerSecond).toBeGreaterThan(0);
  expect(outlook.leftInMs).toBeGreaterThan(0);

  const health = await get(port, '/health');
  expect(health).toEqual({ status: 200, body: { status: 'ok' } });
  const metrics = await get(port, '/metrics.json');
  expect(metrics).toMatchObject({ status: 200, body: { runs: 1, workers: 2 } });
  expect(metrics.body.photosLeft).toBeGreaterThan(0);
  expect(metrics.body.photosLeft).toBeLessThan(photos);
  expect((await get(port, '/runs')).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/health`, { method: 'POST' })).status).toBe(405);

  const text = (await scene.run(['status'], { environment: { ROLLCALL_QUEUE: 'redis://127.0.0.1:1' } }))
    .stdout;
  expect(text).toMatch(/\d calls\/s, [\d.]+ photos\/s, \w+ left, 2 workers/);
  const watching = scene.start(['status', '--watch', runId]);
  await until(() => (watching.stdout().match(new RegExp(`^${runId} {2}active`, 'gm')) ?? []).length >= 2);
  watching.signal('SIGINT');
  expect(await watching.ended).toMatchObject({ exitCode: 130, stderr: '' });

  await redis.kill();
  expect(await get(port, '/health')).toMatchObject({
    status: 503,
    body: { error: expect.stringMatching(/answer/) },
  });
  const withoutQueue = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(withoutQueue).toContain('rollcall_queue_up 0\n');
  expect(withoutQueue).toContain('rollcall_photos_left ');
  expect(withoutQueue).toMatch(/^rollcall_calls_total\{kind="enrolled"\} [1-9]/m);
  await redis.start();
  await until(async () => (await get(port, '/health')).status === 200);

  // From any machine that sees the state.
  await scene.run(['pause', runId]);
  await until(() => workers.every((worker) => worker.stderr().includes(`Run ${runId}: paused`)));
  expect((await scene.run(['status', runId])).stdout).toContain('why it waits: it was paused by hand');
  expect((await get(port, '/metrics.json')).body).toEqual({ photosLeft: 0, runs: 0, workers: 2 });
  expect(await scene.record(runId)).not.toHaveProperty('outlook');
  for (const worker of workers) {
    worker.signal('SIGTERM');
    expect((await worker.ended).exitCode).toBe(0);
  }
  const refused = await scene.run(['worker', '--health', '256.0.0.1:80']);
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('--health (ROLLCALL_HEALTH)');
});
