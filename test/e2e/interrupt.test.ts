import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 24;
const command = ['run', './archive', '--concurrency', '3', '--backoff', '10ms..20ms'];

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

describe.each(['embedded', 'redis'] as const)('a run on %s', (kind) => {
  it('drains when it is interrupted or terminated, and goes on without a repeated call', async () => {
    scene = await openScene({
      queue: kind === 'redis' ? redis.url : undefined,
      latencyInMs: [200, 300],
    });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
    for (const [signal, exitCode, calls] of [
      ['SIGINT', 130, 4],
      ['SIGTERM', 143, 12],
    ] as const) {
      const running = scene.start(command);
      await until(() => scene.engine.calls.length >= calls);
      running.signal(signal);
      const end = await running.ended;
      expect(end.exitCode).toBe(exitCode);
      expect(end.stdout).toBe('');
      expect(end.stderr).toContain('Draining');
      expect(end.stderr).toContain('Start the same command again to go on');
      const [runId = ''] = await scene.runIds();
      const { state, counts } = await scene.record(runId);
      expect(state).toBe('active');
      // What was called is answered, and what was answered is written down.
      expect(scene.engine.calls.every((call) => call.status === 200)).toBe(true);
      expect(counts.done).toBe(scene.engine.calls.length);
      expect(scene.engine.calls.length).toBeLessThan(photos);
    }
    const end = await scene.run(command);
    expect(end.exitCode).toBe(0);
    const [runId = '', ...others] = await scene.runIds();
    expect(others).toEqual([]);
    expect(end.stderr).toContain(`Resuming run ${runId}`);
    const report = await scene.report(runId);
    expect(report.map(({ seq, status }) => [seq, status])).toEqual(
      Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled']),
    );
    expect(scene.engine.calls).toHaveLength(photos);
    expect(scene.engine.templates.size).toBe(photos);
  });
});

it('ends at once when it is interrupted again', async () => {
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: 3, script: 'silent' });
  const running = scene.start([...command, '--timeout', '60s']);
  await until(() => scene.engine.calls.length >= 3);
  running.signal('SIGINT');
  await until(() => running.stderr().includes('Interrupt again to stop at once'));
  running.signal('SIGINT');
  expect(await running.ended).toMatchObject({ exitCode: 130, stdout: '' });
});
