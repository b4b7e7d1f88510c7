import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 40;

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterEach(() => scene.close());
afterAll(() => redis.close());

describe.each(['embedded', 'redis'] as const)('what stops a run before its end, on %s', (kind) => {
  async function openArchive(
    options: { count?: number; script?: string; latencyInMs?: readonly [number, number] } = {},
  ): Promise<void> {
    const { count = photos, script, latencyInMs = [0, 0] } = options;
    scene = await openScene({ queue: kind === 'redis' ? redis.url : undefined, latencyInMs });
    await writePhotos(join(scene.folder, 'archive'), {
      count,
      ...(script !== undefined && { script }),
    });
  }

  async function statuses(): Promise<string[]> {
    const [runId = ''] = await scene.runIds();
    return (await scene.report(runId)).map(({ status }) => status);
  }

  it('--max-calls: not one call more, retries counted, and a larger budget goes on', async () => {
    // Twenty failures in a row, which these cannot make, would mean that the engine is down.
    const count = 18;
    await openArchive({ count, script: '503x1' });
    const first = await scene.run(['run', './archive', '--max-calls', '15', '--backoff', '10ms..20ms']);
    expect(first.exitCode).toBe(3);
    expect(first.stderr).toContain('the budget of 15 calls (--max-calls) is used up');
    expect(scene.engine.calls).toHaveLength(15);
    const again = await scene.run(['run', './archive', '--max-calls', '15']);
    expect(again.exitCode).toBe(3);
    expect(scene.engine.calls).toHaveLength(15);
    const last = await scene.run(['run', './archive', '--max-calls', '1000', '--backoff', '10ms..20ms']);
    expect(last.exitCode).toBe(0);
    expect(scene.engine.calls).toHaveLength(2 * count);
    expect(await statuses()).toEqual(Array(count).fill('enrolled'));
  });

  it('--stop-after-failures: pauses at so many dead letters, and goes on when told to', async () => {
    await openArchive({ script: 'code-5' });
    const slow = ['--rate', '4'];
    const first = await scene.run(['run', './archive', '--stop-after-failures', '5', ...slow]);
    expect(first.exitCode).toBe(3);
    expect(first.stderr).toContain('--stop-after-failures');
    expect(scene.engine.calls.length).toBeGreaterThanOrEqual(5);
    expect(scene.engine.calls.length).toBeLessThan(photos);
    const last = await scene.run(['run', './archive', '--stop-after-failures', '1000']);
    expect(last.exitCode).toBe(1);
    expect(scene.engine.calls).toHaveLength(photos);
    expect(await statuses()).toEqual(Array(photos).fill('rejected'));
  });

  it('pause --account: calls in flight end, nothing starts until resume --account', async () => {
    await openArchive({ latencyInMs: [100, 200] });
    const running = scene.start(['run', './archive', '--rate', '2']);
    await until(async () => scene.engine.calls.length >= 3);
    const pause = await scene.run(['pause', '--account']);
    expect(pause.exitCode).toBe(0);
    const paused = await running.ended;
    expect(paused.exitCode).toBe(3);
    expect(paused.stderr).toContain('resume --account');
    const callsWhenPaused = scene.engine.calls.length;
    expect(callsWhenPaused).toBeLessThan(photos);
    const refused = await scene.run(['run', './archive']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('paused by hand');
    expect(scene.engine.calls).toHaveLength(callsWhenPaused);
    expect((await scene.run(['resume', '--account'])).exitCode).toBe(0);
    expect((await scene.run(['run', './archive'])).exitCode).toBe(0);
    expect(scene.engine.calls).toHaveLength(photos);
  });
});
