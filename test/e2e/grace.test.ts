import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { RunningCommand } from '../helpers/command-line.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 12;
const concurrency = 4;
const graceInMs = 2_000;
/** Two seconds are promised; the rest is for a machine that is busy. */
const mostInMs = graceInMs + 2_000 + 20_000;

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

const startWorker = () =>
  scene.start(['worker', '--concurrency', `${concurrency}`, '--grace', `${graceInMs}ms`, '--timeout', '5m']);

async function terminate(worker: RunningCommand): Promise<void> {
  const before = performance.now();
  worker.signal('SIGTERM');
  const end = await worker.ended;
  const tookInMs = performance.now() - before;
  expect(end.exitCode, end.stderr).toBe(143);
  expect(end.stderr).toContain('2s more (--grace)');
  expect(tookInMs).toBeGreaterThan(graceInMs * 0.9);
  expect(tookInMs).toBeLessThan(mostInMs);
}

it('a worker whose calls never end is out after its grace period, and others do its photos', async () => {
  scene = await openScene({ queue: redis.url, latencyInMs: [600_000, 600_000] });
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
  const { stdout: runId } = await scene.run(['enqueue', './archive']);

  const first = startWorker();
  await until(() => scene.engine.calls.length === concurrency);
  await terminate(first);
  // Its lease is free and its photos are in the queue again: the next one waits for neither.
  const backend = await openQueue({ queue: redis.url, onError: () => undefined });
  expect(await backend.leases.holder(`run-${runId}`)).toBeUndefined();
  expect(await backend.openRunQueue(runId).counts()).toMatchObject({ active: 0 });
  await backend.close();
  const second = startWorker();
  await until(() => scene.engine.calls.length === 2 * concurrency);
  expect((await scene.record(runId)).epoch).toBe(2);

  // Now the queue does not answer either.
  await redis.kill();
  await terminate(second);
  await redis.start();

  scene.engine.setLatency([0, 0]);
  const third = startWorker();
  await until(() => third.stderr().includes(`Run ${runId}: finished, ${photos} photos`));
  const report = await scene.report(runId);
  expect(report.map(({ seq, status, stored }) => [seq, status, stored])).toEqual(
    Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled', 'yes']),
  );
  // What was aborted cost no attempt, and was called again.
  expect(report.every(({ attempts }) => attempts === 1)).toBe(true);
  expect(scene.engine.calls).toHaveLength(photos + 2 * concurrency);
  expect(scene.engine.templates.size).toBe(photos);
  third.signal('SIGTERM');
  expect((await third.ended).exitCode).toBe(0);
});
