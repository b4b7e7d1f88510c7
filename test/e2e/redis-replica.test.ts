import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis } from '../helpers/redis-server.ts';
import { openScene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 40;
/** It takes 8 s at most; the rest is for a machine that is busy. `--grace` is 25 s. */
const atOnceInMs = 20_000;

it('a master that becomes a replica in mid-run is told of, an interrupt is obeyed at once, and the run goes on', async () => {
  const redis = await startTestRedis();
  onTestFinished(redis.close);
  const scene = await openScene({ queue: redis.url });
  onTestFinished(scene.close);
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
  const run = scene.start(['run', './archive', '--rate', '8']);
  await until(() => scene.engine.calls.length >= 5);
  await redis.ask('REPLICAOF', '127.0.0.1', '1');
  await until(() => /has become a read-only replica/.test(run.stderr()));
  expect((await scene.run(['doctor'])).stdout).toMatch(/fix +queue .* is a replica, and read-only/);
  const interruptedAt = performance.now();
  run.signal('SIGINT');
  const { exitCode, stderr } = await run.ended;
  expect(exitCode, stderr).toBe(130);
  expect(performance.now() - interruptedAt).toBeLessThan(atOnceInMs);
  await redis.ask('REPLICAOF', 'NO', 'ONE');
  const end = await scene.run(['run', './archive']);
  expect(end.exitCode, end.stderr).toBe(0);
  const [runId = ''] = await scene.runIds();
  expect((await scene.report(runId)).map(({ seq, status }) => [seq, status])).toEqual(
    Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled']),
  );
});
