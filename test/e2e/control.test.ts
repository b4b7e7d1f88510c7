import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 40;
const slow = ['--concurrency', '2'];
const command = ['run', './archive', ...slow];

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

/** The whole archive takes long enough for commands to come in between, on a machine that is busy too. */
const unhurried = [900, 1_100] as const;
const quick = [50, 100] as const;

const calls = (count: number) => until(() => scene.engine.calls.length >= count);

describe.each(['embedded', 'redis'] as const)('from another process, on %s', (kind) => {
  async function open(): Promise<void> {
    const queue = kind === 'redis' ? redis.url : undefined;
    scene = await openScene({ queue, latencyInMs: unhurried });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
  }

  async function expectEveryPhotoOnce(runId: string): Promise<void> {
    const report = await scene.report(runId);
    expect(report.map(({ seq, status }) => [seq, status])).toEqual(
      Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled']),
    );
    expect(scene.engine.calls).toHaveLength(photos);
    expect([...scene.engine.templates.values()].every(({ enrolled }) => enrolled === 1)).toBe(true);
  }

  it('a run is paused, shown, goes on by the same command, and is cancelled', async () => {
    await open();
    const first = scene.start(command);
    await calls(3);
    const [runId = ''] = await scene.runIds();
    const pause = await scene.run(['pause', runId]);
    expect(pause.exitCode).toBe(0);
    expect(pause.stdout).toContain(`To go on: rollcall resume ${runId}`);
    const paused = await first.ended;
    expect(paused.exitCode).toBe(3);
    expect(paused.stderr).toContain(
      `Run ${runId} is paused: it was paused by hand. To go on: rollcall resume ${runId}`,
    );
    const callsAtPause = scene.engine.calls.length;
    expect(callsAtPause).toBeLessThan(photos);
    const status = await scene.run(['status']);
    expect(status.stdout).toMatch(new RegExp(`^${runId} {2}paused +${callsAtPause} of ${photos} `, 'm'));
    expect(status.stdout).toContain('why it waits: it was paused by hand');
    expect(scene.engine.calls).toHaveLength(callsAtPause);

    const second = scene.start(command);
    await calls(callsAtPause + 3);
    expect(second.stderr()).toContain(`Resuming run ${runId}`);
    const cancel = await scene.run(['cancel', runId, '--json']);
    const cancelled = await second.ended;
    for (const end of [cancel, cancelled]) expect(end.exitCode).toBe(3);
    const report = await scene.report(runId);
    const enrolled = report.filter(({ status }) => status === 'enrolled').length;
    expect(report.map(({ seq }) => seq)).toEqual(Array.from({ length: photos }, (_, index) => index + 1));
    expect(enrolled).toBe(scene.engine.calls.length);
    expect(report.filter(({ status }) => status === 'cancelled')).toHaveLength(photos - enrolled);
    expect(JSON.parse(cancel.stdout)).toMatchObject({
      state: 'cancelled',
      byStatus: { enrolled, cancelled: photos - enrolled },
      notEnrolled: photos - enrolled,
    });
    expect(await scene.record(runId)).toMatchObject({ state: 'cancelled' });
    const { stdout } = await scene.run(['status', runId]);
    const [, events = ''] = stdout.split('EVENTS\n');
    const happened = events.split('\n').map((line) => line.replace(/^ {2}[\d-]+ [\d:]+ {2}/, ''));
    expect(happened.slice(0, 3)).toEqual(['started', 'paused: by hand', 'resumed']);
    expect(happened.at(-1)).toBe('cancelled');
  });

  it('two commands over one source at once are one run, with one line and one call a photo', async () => {
    await open();
    scene.engine.setLatency(quick);
    const both = [scene.start([...command, '--json']), scene.start([...command, '--json'])];
    const ends = await Promise.all(both.map(({ ended }) => ended));
    const [runId = '', ...others] = await scene.runIds();
    expect(others).toEqual([]);
    for (const { exitCode, stdout } of ends) {
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ run: runId, total: photos });
    }
    await expectEveryPhotoOnce(runId);
  });

  it('workers do what was enqueued, and pause and resume while they go on', async () => {
    await open();
    const worker = scene.start(['worker', ...slow]);
    const enqueued = await scene.run(['enqueue', './archive']);
    expect(enqueued.exitCode).toBe(0);
    const runId = enqueued.stdout;
    expect(await scene.runIds()).toEqual([runId]);
    await calls(3);
    await scene.run(['pause', runId]);
    await until(() => worker.stderr().includes(`Run ${runId}: paused`));
    const callsAtPause = scene.engine.calls.length;
    expect(callsAtPause).toBeLessThan(photos);
    scene.engine.setLatency(quick);
    expect((await scene.run(['resume', runId])).exitCode).toBe(0);
    await until(() => worker.stderr().includes(`Run ${runId}: finished, ${photos} photos`));
    await expectEveryPhotoOnce(runId);
    worker.signal('SIGTERM');
    expect((await worker.ended).exitCode).toBe(0);
  });
});
