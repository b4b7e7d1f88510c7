import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runIdOfTick, type Schedule, writeSchedule } from '../../src/records/schedule.ts';
import { openRollcall, type Rollcall } from '../../src/runs/open-rollcall.ts';
import { addSchedule } from '../../src/schedule/add-schedule.ts';
import { latestTick } from '../../src/schedule/cron.ts';
import { listSchedules } from '../../src/schedule/list-schedules.ts';
import { type CompiledSource, compileSource } from '../helpers/compiled-source.ts';
import { testCredentials } from '../helpers/engine-server.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const dayInMs = 24 * 3_600_000;
const places = [
  'right after the tick',
  'before the run is written',
  'when the run is half written',
  'after the run is written',
  'after the tick is written down',
];

let redis: TestRedis;
let compiled: CompiledSource;

beforeAll(async () => {
  [redis, compiled] = await Promise.all([startTestRedis(), compileSource()]);
});
afterAll(async () => {
  await redis.close();
});

describe.each([
  ['redis', places],
  ['embedded', places.slice(2, 4)],
] as const)('three missed nights (%s)', (kind, placesToDie) => {
  let scene: Scene;
  let environment: Record<string, string>;
  let rollcall: Rollcall;

  beforeAll(async () => {
    const queue = kind === 'redis' ? redis.url : 'embedded';
    scene = await openScene({ queue });
    await writePhotos(join(scene.folder, 'archive'), { count: 1 });
    environment = {
      ROLLCALL_ENGINE: 'ooto',
      ROLLCALL_ENGINE_URL: scene.engine.url,
      ROLLCALL_QUEUE: queue,
      OOTO_APP_ID: testCredentials.appId,
      OOTO_APP_KEY: testCredentials.appKey,
    };
    rollcall = await openRollcall({ environment, folder: scene.folder });
  });
  afterAll(async () => {
    await rollcall.close();
    await scene.close();
  });

  /** Every day, two hours ago; three such times have passed since it was added. */
  async function addMissed(name: string): Promise<Schedule> {
    const at = new Date(Date.now() - dayInMs / 12);
    const cron = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
    const { schedule } = await addSchedule(rollcall, { name, cron, tz: 'UTC', source: 'archive' });
    const early = { ...schedule, createdAt: new Date(Date.now() - 3 * dayInMs).toISOString() };
    await writeSchedule(rollcall.state, early);
    return early;
  }

  it('are made up for by one run, though workers die with the tick', async () => {
    const schedules: Schedule[] = [];
    for (const [index, place] of placesToDie.entries()) {
      schedules.push(await addMissed(`night.${index}`));
      const child = compiled.pathOf('test/schedule/crashing-worker-child.ts');
      const died = await execa(process.execPath, [child, place, `night.${index}`], {
        cwd: scene.folder,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
        extendEnv: false,
        reject: false,
      });
      expect(died.signal, `${place}\n${died.stderr}`).toBe('SIGKILL');
    }
    const expected = schedules.map((schedule) =>
      runIdOfTick(schedule.name, latestTick(schedule, Date.now())),
    );

    const workers = [scene.start(['worker']), scene.start(['worker'])];
    for (const runId of expected)
      await until(async () => (await scene.summary(runId).catch(() => undefined)) !== undefined);
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) expect((await worker.ended).exitCode).toBe(0);

    expect(await scene.runIds()).toEqual(expected);
    expect(scene.engine.calls).toHaveLength(placesToDie.length);
    for (const { events, skipped, lastRun } of await listSchedules(rollcall)) {
      expect(skipped).toBe(0);
      expect(lastRun).toMatchObject({ state: 'finished', exitCode: 0 });
      expect(events).toMatchObject([{ result: 'started', missed: 2, runId: lastRun?.run }]);
    }
  });
});
