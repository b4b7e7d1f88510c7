import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

const photos = 30;
const concurrency = 6;
const command = ['run', './archive', '--concurrency', `${concurrency}`, '--backoff', '10ms..50ms'];

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterEach(() => scene.close());
afterAll(() => redis.close());

describe.each(['embedded', 'redis'] as const)('an account that is refused, on %s', (kind) => {
  async function openAccount(): Promise<void> {
    // Slow enough that all places are taken when the first refusal comes back.
    scene = await openScene({ queue: kind === 'redis' ? redis.url : undefined, latencyInMs: [150, 250] });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
  }

  async function expectNothingLost(runId: string): Promise<void> {
    const record = await scene.record(runId);
    expect(record).toMatchObject({ state: 'paused', counts: { done: 0, deadLetters: 0 } });
    expect(await scene.letters()).toEqual([]);
  }

  /** Every photo enrolled, once, in the run that there was. */
  async function expectGoodEnd(runId: string): Promise<void> {
    const callsBefore = scene.engine.calls.length;
    const end = await scene.run(command);
    expect(end.stderr).toContain(`Resuming run ${runId}`);
    expect(end.exitCode).toBe(0);
    expect(await scene.runIds()).toEqual([runId]);
    const report = await scene.report(runId);
    expect(report.map(({ seq, status, attempts }) => [seq, status, attempts])).toEqual(
      Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled', 1]),
    );
    expect(scene.engine.calls.length - callsBefore).toBe(photos);
    expect([...scene.engine.templates.values()].map(({ enrolled }) => enrolled)).toEqual(
      Array(photos).fill(1),
    );
  }

  it('stops after the calls in flight when the key is wrong, and goes on with the right one', async () => {
    await openAccount();
    const end = await scene.run(command, { environment: { OOTO_APP_KEY: 'mistyped-key' } });
    expect(end.exitCode).toBe(3);
    expect(end.stderr).toContain('OOTO_APP_KEY');
    expect(end.stderr).toContain('No photo is lost');
    expect(end.stderr).not.toContain('mistyped-key');
    expect(scene.engine.calls.length).toBeLessThanOrEqual(concurrency);
    const [runId = ''] = await scene.runIds();
    await expectNothingLost(runId);
    await expectGoodEnd(runId);
  });

  it('stops when twenty photos in a row are refused with 403, and goes on once that is fixed', async () => {
    await openAccount();
    scene.engine.setMode('403');
    const end = await scene.run(command);
    expect(end.exitCode).toBe(3);
    expect(end.stderr).toContain('OOTO_APP_KEY');
    expect(end.stderr).toContain('20 photos in a row');
    expect(scene.engine.calls.length).toBe(20);
    const [runId = ''] = await scene.runIds();
    await expectNothingLost(runId);
    scene.engine.setMode('normal');
    await expectGoodEnd(runId);
  });

  it.runIf(kind === 'redis')(
    'stops at a wrong address and names the setting; the right one is another account, with a run of its own',
    async () => {
      await openAccount();
      const wrong = { ROLLCALL_ENGINE_URL: `${scene.engine.url}/wrong` };
      const end = await scene.run(command, { environment: wrong });
      expect(end.exitCode).toBe(3);
      expect(end.stderr).toContain('--engine-url (ROLLCALL_ENGINE_URL)');
      expect(scene.engine.calls.length).toBeLessThanOrEqual(20);
      const [runId = ''] = await scene.runIds();
      await expectNothingLost(runId);
      const right = await scene.run([...command, '--json']);
      expect(right.exitCode).toBe(0);
      expect(JSON.parse(right.stdout)).toMatchObject({ total: photos, byStatus: { enrolled: photos } });
      expect(await scene.runIds()).toHaveLength(2);
    },
  );
});
