import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

const price = ['--price', '0.002'];
const quick = ['--backoff', '10ms..20ms'];

async function openArchive(count: number, script?: string, queue?: string): Promise<void> {
  scene = await openScene({ latencyInMs: [10, 40], ...(queue !== undefined && { queue }) });
  await writePhotos(join(scene.folder, 'archive'), { count, ...(script !== undefined && { script }) });
}

it('pauses before a call passes the budget, retries counted, and goes on with more', async () => {
  await openArchive(18, '503x1');
  const first = await scene.run(['run', './archive', ...price, ...quick, '--budget', '0.03']);
  const [runId = ''] = await scene.runIds();
  expect(first.exitCode).toBe(3);
  expect(first.stderr).toContain('the next call may pass the budget of 0.03 (--budget)');
  expect(first.stderr).toContain(
    `To go on: rollcall set ${runId} --budget 0.06, then rollcall resume ${runId}`,
  );
  expect(scene.engine.calls.length).toBe(15);
  const again = await scene.run(['run', './archive', ...price, ...quick]);
  expect(again.exitCode).toBe(3);
  expect(scene.engine.calls.length).toBe(15);
  expect(await scene.run(['resume', runId])).toMatchObject({
    ...{ exitCode: 2, stdout: '' },
    stderr: expect.stringContaining(
      `Run ${runId} does not go on: nothing is left of the budget of 0.03 (--budget) for another call. To go on, with more than that: rollcall set ${runId} --budget N, then rollcall resume ${runId}`,
    ),
  });

  expect((await scene.run(['set', runId, '--budget', '0.2'])).stdout).toContain(
    `Run ${runId}: --budget 0.2, once it goes on.`,
  );
  expect((await scene.run(['resume', runId])).stdout).toContain(`Run ${runId} goes on with the next worker.`);
  const last = await scene.run(['run', './archive', ...price, ...quick]);
  expect(last.exitCode).toBe(0);
  expect((await scene.summary(runId)).money).toEqual({
    price: { enroll: '0.002', identify: '0.002', verify: '0.002', delete: '0.002' },
    ...{ soFar: '0.072', atMost: '0.072', saved: '0', budget: '0.2' },
  });
  expect(scene.engine.calls.length).toBe(36);
});

it('a budget that is just enough is no reason to pause', async () => {
  await openArchive(20);
  const { exitCode } = await scene.run(['run', './archive', ...price, '--budget', '0.04']);
  expect(exitCode).toBe(0);
  expect(scene.engine.calls.length).toBe(20);
});

it('is not passed by four workers of which one is killed, on a queue that is wiped; what is known to be left is spent later', async () => {
  const photos = 220;
  await openArchive(photos, undefined, redis.url);
  const spent = () => scene.engine.calls.length * 2;
  const [runId, budget] = ['fire', 300];
  const workers = Array.from({ length: 3 }, () => scene.start(['worker']));
  const run = scene.start([
    'run',
    './archive',
    ...price,
    '--budget',
    '0.3',
    '--run-id',
    runId,
    '--rate',
    '60',
  ]);
  await until(() => spent() >= 80);
  workers[0]?.signal('SIGKILL');
  await until(() => spent() >= 150);
  await redis.ask('FLUSHALL');
  const { exitCode, stderr } = await run.ended;
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--budget') });
  const atPause = spent();
  expect(atPause).toBeLessThanOrEqual(budget);
  expect(atPause).toBeGreaterThan(budget / 2);

  await scene.run(['set', runId, '--budget', '1']);
  await scene.run(['resume', runId]);
  await until(async () => (await scene.record(runId)).state === 'finished');
  const { soFar, atMost } = (await scene.summary(runId)).money ?? {};
  expect(spent() / 1000).toBeLessThanOrEqual(Number(atMost));
  expect(Number(soFar)).toBeLessThanOrEqual(spent() / 1000);
  expect((await scene.report(runId)).filter(({ status }) => status === 'enrolled')).toHaveLength(photos);
});

it('needs a price', async () => {
  await openArchive(1);
  for (const command of [
    ['run', './archive'],
    ['run', './archive', '--dry-run'],
    ['enqueue', './archive'],
  ]) {
    const { exitCode, stderr } = await scene.run([...command, '--budget', '150']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('needs --price') });
  }
  expect(await scene.runIds()).toEqual([]);
});
