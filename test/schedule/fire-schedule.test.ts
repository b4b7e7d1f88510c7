import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRunRecord, writeRunRecord } from '../../src/records/run-record.ts';
import { runIdOfTick, type Schedule, writeSchedule } from '../../src/records/schedule.ts';
import { openRollcall, type Rollcall } from '../../src/runs/open-rollcall.ts';
import { addSchedule, deleteSchedule } from '../../src/schedule/add-schedule.ts';
import { latestTick } from '../../src/schedule/cron.ts';
import { createPatience, fireSchedule } from '../../src/schedule/fire-schedule.ts';
import { listSchedules } from '../../src/schedule/list-schedules.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

const dayInMs = 24 * 3_600_000;
const signal = new AbortController().signal;
const patience = createPatience();

describe.each(['a folder', 's3'] as const)('a tick (state in %s)', (kind) => {
  let redis: TestRedis;
  let store: S3Server;
  let home: TemporaryFolder;
  let rollcall: Rollcall;

  beforeAll(async () => {
    [redis, home, store] = await Promise.all([startTestRedis(), makeTemporaryFolder(), startS3Server()]);
    await store.createBucket('state');
    rollcall = await openRollcall({
      folder: home.path,
      environment: kind === 's3' ? store.environment : {},
      settings: {
        engine: 'local',
        engineUrl: 'http://127.0.0.1:9',
        queue: redis.url,
        ...(kind === 's3' && { state: 's3://state/faces', s3PathStyle: true }),
      },
    });
  });
  afterAll(async () => {
    await rollcall.close();
    await store.close();
    await redis.close();
    await home.remove();
  });

  /** Due at every full minute; added two days ago. */
  async function add(name: string): Promise<Schedule> {
    await writePhotos(join(home.path, name), { count: 1 });
    const { schedule } = await addSchedule(rollcall, { name, cron: '* * * * *', tz: 'UTC', source: name });
    const early = { ...schedule, createdAt: new Date(Date.now() - 2 * dayInMs).toISOString() };
    await writeSchedule(rollcall.state, early);
    return early;
  }

  const listed = async (name: string) =>
    (await listSchedules(rollcall)).find((schedule) => schedule.name === name);

  it('starts one run, however often it comes, and is not taken after the schedule is gone', async () => {
    const schedule = await add('night');
    // In time to come, as for a process whose clock is behind; so no other is due while the test runs.
    const tick = latestTick(schedule, Date.now()) + 10 * 60_000;
    const runId = runIdOfTick('night', tick);
    const event = await fireSchedule(rollcall, { name: 'night', tick, patience, signal });
    expect(event).toMatchObject({ result: 'started', runId, missed: 100 });
    expect(await fireSchedule(rollcall, { name: 'night', tick, patience, signal })).toBeUndefined();
    expect(
      await fireSchedule(rollcall, { name: 'night', tick: tick - 60_000, patience, signal }),
    ).toBeUndefined();
    expect(await readRunRecord(rollcall.state, runId)).toMatchObject({ schedule: 'night', state: 'active' });
    expect(await listed('night')).toMatchObject({
      lastRun: { run: runId, state: 'active' },
      events: [event],
    });
    await deleteSchedule(rollcall, 'night');
    expect(await listed('night')).toBeUndefined();
    const later = { name: 'night', tick: tick + 60_000, patience, signal };
    expect(await fireSchedule(rollcall, later)).toBeUndefined();
    expect(await rollcall.state.list('schedules')).toEqual([]);
  });

  it('is skipped while the run before it goes on or is paused, and started after it', async () => {
    const schedule = await add('busy');
    const first = latestTick(schedule, Date.now()) + 10 * 60_000;
    const take = (minutes: number) =>
      fireSchedule(rollcall, { name: 'busy', tick: first + minutes * 60_000, patience, signal });
    await take(0);
    const record = await readRunRecord(rollcall.state, runIdOfTick('busy', first));
    if (!record) throw new Error('no run');
    expect(await take(1)).toMatchObject({
      result: 'skipped',
      count: 1,
      why: `run ${record.id} is not over yet`,
    });
    await writeRunRecord(rollcall.state, { ...record, state: 'paused', waitsFor: 'a new key' });
    expect(await take(3)).toMatchObject({ count: 2, why: `run ${record.id} is paused: a new key` });
    await writeRunRecord(rollcall.state, { ...record, state: 'cancelled' });
    expect(await take(4)).toMatchObject({ result: 'started', runId: runIdOfTick('busy', first + 240_000) });
    expect(await listed('busy')).toMatchObject({ skipped: 3 });
    await deleteSchedule(rollcall, 'busy');
  });

  it('says why no run was started, and the next one is taken', async () => {
    const schedule = await add('gone');
    const tick = latestTick(schedule, Date.now()) + 10 * 60_000;
    await rm(join(home.path, 'gone'), { recursive: true });
    const failed = await fireSchedule(rollcall, { name: 'gone', tick, patience, signal });
    expect(failed).toMatchObject({
      result: 'failed',
      exitCode: 2,
      why: expect.stringMatching(/gone is not there/),
    });
    await writePhotos(join(home.path, 'gone'), { count: 1 });
    const next = await fireSchedule(rollcall, { name: 'gone', tick: tick + 60_000, patience, signal });
    expect(next).toMatchObject({ result: 'started' });
    expect((await listed('gone'))?.events).toEqual([failed, next]);
  });

  it('is left to the machine whose files it needs', async () => {
    const schedule = await add('elsewhere');
    await writeSchedule(rollcall.state, { ...schedule, filesOn: 'another-machine' });
    expect(
      await fireSchedule(rollcall, { name: 'elsewhere', tick: Date.now(), patience, signal }),
    ).toBeUndefined();
    expect((await listed('elsewhere'))?.events).toEqual([]);
  });
});
