import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readChangedRun } from '../../src/records/run-changes.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url, environment: { ROLLCALL_RATE: undefined } });
  await writePhotos(join(scene.folder, 'archive'), { count: 1 });
});
afterAll(async () => {
  await scene.close();
  await redis.close();
});

const byEnvironment = (rate: number) => ({ environment: { ROLLCALL_RATE: `${rate}` } });

/** A default is 10 calls a second. */
it.each<[string, { enqueued?: string[] | number; set?: number; worker?: number }, number]>([
  ['nobody gives one: the default', {}, 10],
  ['the run has one: it beats the default of a worker', { enqueued: ['--rate', '60'] }, 60],
  ['a lower one, too', { enqueued: ['--rate', '0.5'] }, 0.5],
  ['given by the environment of whoever enqueues', { enqueued: 60 }, 60],
  ['only the worker has one', { worker: 70 }, 70],
  ['the worker has a higher one: the run', { enqueued: ['--rate', '60'], worker: 70 }, 60],
  ['the worker has a lower one: it is a ceiling', { enqueued: ['--rate', '60'], worker: 7 }, 7],
  ['set later: what was set', { enqueued: ['--rate', '60'], set: 20 }, 20],
  ['set of a run that had none', { set: 20 }, 20],
  ['set above the ceiling of a worker', { set: 20, worker: 7 }, 7],
])('%s', async (_, { enqueued = [], set, worker }, expected) => {
  const words = typeof enqueued === 'number' ? [] : enqueued;
  const given = typeof enqueued === 'number' ? byEnvironment(enqueued) : {};
  const { stdout: runId } = await scene.run(['enqueue', './archive', '--new', ...words], given);
  if (set !== undefined) await scene.run(['set', runId, '--rate', `${set}`]);
  const rollcall = await openRollcall({
    environment: { ...scene.environment, ...(worker !== undefined && byEnvironment(worker).environment) },
    folder: scene.folder,
  });
  try {
    const limiter = await rollcall.limiter(`an account of ${runId}`);
    const record = await readChangedRun(rollcall.state, await scene.record(runId));
    limiter.joinRun(runId, record.settings.rate);
    expect(limiter.snapshot().ratePerSecond).toBe(expected);
    const own = set ?? (typeof enqueued === 'number' ? enqueued : enqueued[1]);
    const { stdout } = await scene.run(['status', runId]);
    if (own === undefined) expect(stdout).not.toContain('its own limit');
    else expect(stdout).toContain(`its own limit: ${own} calls/s`);
  } finally {
    await rollcall.close();
  }
});
