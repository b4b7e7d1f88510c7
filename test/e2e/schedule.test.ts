import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScheduleState } from '../../src/schedule/list-schedules.ts';
import { makePhoto, writeFiles, writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';
import { startWebhookServer, type WebhookServer, webhookSecret } from '../helpers/webhook-server.ts';

const photos = 10;
const runs = 5;

let redis: TestRedis;
let scene: Scene;
let webhook: WebhookServer;

beforeAll(async () => {
  redis = await startTestRedis();
  webhook = await startWebhookServer();
  // Two workers with a call each at a time: a run takes five seconds.
  scene = await openScene({
    queue: redis.url,
    latencyInMs: [900, 1_000],
    environment: { ROLLCALL_CONCURRENCY: '1', ROLLCALL_LOG_LEVEL: 'debug' },
  });
  await writePhotos(join(scene.folder, 'archive'), { count: photos - 1 });
  await writeFiles(join(scene.folder, 'archive'), { 'nobody.jpg': await makePhoto({ script: 'code-5' }) });
});
afterAll(async () => {
  await scene.close();
  await webhook.close();
  await redis.close();
});

async function listed(): Promise<ScheduleState> {
  const { stdout } = await scene.run(['schedule', 'list', '--json']);
  return JSON.parse(stdout) as ScheduleState;
}

const stateOf = (runId: string) =>
  scene.record(runId).then(
    ({ state }) => state,
    () => undefined,
  );

async function finishedRuns(): Promise<string[]> {
  const ids = await scene.runIds();
  const states = await Promise.all(ids.map(stateOf));
  return ids.filter((_, index) => states[index] === 'finished');
}

const told = (runId: string) =>
  webhook.posted.filter(({ body }) => body.run === runId).map(({ body }) => body);

describe('a schedule every two seconds whose runs take five, with two workers', () => {
  it('makes up once for missed ticks, never runs two at once, counts skips, and tells what failed once', async () => {
    const add = ['schedule', 'add', 'often', '--cron', '*/2 * * * * *', '--source', './archive'];
    const added = await scene.run([...add, '--on-failure', webhook.url]);
    expect(added).toMatchObject({ exitCode: 0 });
    expect(added.stdout).toMatch(/^Schedule often is added\. Its next run: 2\d{3}-/);

    // Nobody works while three ticks and more are due.
    await delay(7_000);
    expect(await scene.runIds()).toEqual([]);
    const workersStartAt = Date.now();
    const workers = [scene.start(['worker']), scene.start(['worker'])];
    await until(async () => (await finishedRuns()).length >= runs);

    const { events, skipped } = await listed();
    const started = events.filter((event) => event.result === 'started');
    const [late, ...others] = started;
    expect(late?.missed).toBeGreaterThanOrEqual(2);
    for (const { tick } of others) expect(Date.parse(tick)).toBeGreaterThan(workersStartAt);
    // Of three ticks, two found a run going on.
    expect(skipped).toBeGreaterThanOrEqual(runs);
    const text = await scene.run(['schedule', 'list']);
    expect(text.stdout).toMatch(/^often {2}\*\/2 \* \* \* \* \* \(UTC\) {2}next 2/);
    expect(text.stdout).toMatch(/ {2}last: often-\d{8}T\d{6}Z {2}\w+/);
    expect(text.stdout).toMatch(/ {2}skipped \d+, the last at .*: run often-\d{8}T\d{6}Z is not over yet/);
    expect(
      workers.some((worker) => / often: skipped, run often-\S+ is not over yet/.test(worker.stderr())),
    ).toBe(true);

    // A refused account pauses the run: it waits for a person, and so do its followers.
    scene.engine.setCredentials({ appId: 'test-app-id', appKey: 'another' });
    const pausedId = await until(async () => {
      const newest = (await scene.runIds()).at(-1) ?? '';
      return (await stateOf(newest)) === 'paused' && newest;
    });
    await until(() => told(pausedId).length > 0);
    expect(told(pausedId)).toMatchObject([
      { run: pausedId, schedule: 'often', state: 'paused', exitCode: 3, total: photos },
    ]);
    expect(String(told(pausedId)[0]?.waitsFor)).toContain('OOTO_APP_KEY');
    await until(async () => {
      const last = (await listed()).events.at(-1);
      return last?.result === 'skipped' && last.why.startsWith(`run ${pausedId} is paused: `);
    });

    scene.engine.setCredentials({ appId: 'test-app-id', appKey: 'test-app-key' });
    expect((await scene.run(['resume', pausedId])).exitCode).toBe(0);
    await until(async () => (await stateOf(pausedId)) === 'finished').catch(async (error) => {
      const control = await scene.text(pausedId, 'control.json');
      const said = workers.map((worker) => worker.stderr().slice(-6_000));
      throw new Error(
        [error.message, control, JSON.stringify(await scene.record(pausedId)), ...said].join('\n'),
      );
    });
    expect((await scene.run(['schedule', 'remove', 'often'])).exitCode).toBe(0);
    const all = await scene.runIds();
    await until(async () => (await finishedRuns()).length === all.length);
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) expect((await worker.ended).exitCode).toBe(0);
    expect(await scene.runIds()).toEqual(all);

    await expectOneAtATime(all);
    expect(told(pausedId).filter(({ state }) => state === 'paused')).toHaveLength(1);
    // What ended after the schedule was removed is not told any more.
    for (const runId of (await toldRuns()).slice(0, runs)) {
      const [first, ...more] = told(runId).filter(({ state }) => state === 'finished');
      expect(more).toEqual([]);
      expect(first).toEqual({
        ...(await scene.summary(runId)),
        schedule: 'often',
        text: expect.stringContaining(runId),
        exitCode: 1,
        runDir: scene.pathOf(runId, '.').replace(/\/\.?$/, ''),
        alert: `${runId} over`,
      });
    }
    expect(webhook.posted[0]).toMatchObject({ contentType: 'application/json' });
    expect(webhook.posted[0]?.path).toContain(webhookSecret);
    for (const { stderr } of [added, ...(await Promise.all(workers.map(({ ended }) => ended)))])
      expect(stderr).not.toContain(webhookSecret);
    expect(text.stdout).not.toContain(webhookSecret);
  });

  async function toldRuns(): Promise<string[]> {
    const ids = await scene.runIds();
    expect(ids.filter((runId) => told(runId).length > 0).length).toBeGreaterThanOrEqual(runs);
    return ids.filter((runId) => told(runId).length > 0);
  }

  /** By the engine's own log: each run's calls come in one piece, one for each photo. */
  async function expectOneAtATime(ids: readonly string[]): Promise<void> {
    const taken = scene.engine.calls.filter(({ status }) => status !== 401);
    expect(taken).toHaveLength(ids.length * photos);
    for (const [index, runId] of ids.entries()) {
      const calls = taken.slice(index * photos, (index + 1) * photos);
      expect(new Set(calls.map(({ templateId }) => templateId)).size).toBe(photos);
      const { createdAt } = await scene.record(runId);
      const before = ids[index - 1];
      if (before !== undefined) {
        const { lastAt = '' } = await scene.summary(before);
        expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(Date.parse(lastAt));
      }
    }
  }
});
