import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { canRenameHost } from '../helpers/command-line.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 24;
const concurrency = 2;
const mostInMs = 30_000;

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

const workers = ['worker', '--concurrency', `${concurrency}`];

/** On one machine a dead process is known to be dead; from another only its lease and its locks tell, by expiring. */
it.skipIf(!(await canRenameHost()))(
  'a run whose conductor was killed on another machine is taken over within 30 s',
  async () => {
    // Slow until both workers are there: they start as quickly as the machine lets them.
    scene = await openScene({ queue: redis.url, latencyInMs: [3_600, 4_400] });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
    const { stdout: runId } = await scene.run(['enqueue', './archive']);
    const first = scene.start(workers);
    await until(async () => (await scene.record(runId)).epoch === 1);
    const stranger = scene.start(workers, { hostname: 'elsewhere' });
    await until(() => stranger.stderr().includes('and this is elsewhere'));
    stranger.signal('SIGTERM');
    await stranger.ended;
    const second = scene.start([...workers, '--shared-files'], { hostname: 'elsewhere' });
    await until(() => second.stderr().includes(`Run ${runId}: joined`));

    scene.engine.setLatency([900, 1_100]);
    const callsOfFirst = scene.engine.calls.length;
    await until(() => scene.engine.calls.length > callsOfFirst + concurrency);
    const killedAt = performance.now();
    first.signal('SIGKILL');
    await until(async () => (await scene.record(runId)).epoch > 1, {
      limitInMs: 2 * mostInMs,
      what: 'a take-over',
    });
    const tookInMs = performance.now() - killedAt;
    if (process.env.CHAOS_FIGURES) console.log(JSON.stringify({ tookInMs }));
    expect(tookInMs).toBeLessThan(mostInMs);

    await until(() => second.stderr().includes(`Run ${runId}: finished, ${photos} photos`));
    expect((await scene.report(runId)).map(({ seq, status }) => [seq, status])).toEqual(
      Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled']),
    );
    expect(scene.engine.calls.length - photos).toBeLessThanOrEqual(concurrency);
    second.signal('SIGTERM');
    expect((await second.ended).exitCode).toBe(0);
  },
);
