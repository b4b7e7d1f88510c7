import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRunRecord } from '../../src/records/run-record.ts';
import { readSchedule } from '../../src/records/schedule.ts';
import { openRollcall, type Rollcall } from '../../src/runs/open-rollcall.ts';
import { type AddScheduleOptions, addSchedule, deleteSchedule } from '../../src/schedule/add-schedule.ts';
import { openClock, setClock } from '../../src/schedule/clock.ts';
import { startScheduledRun } from '../../src/schedule/fire-schedule.ts';
import { listSchedules } from '../../src/schedule/list-schedules.ts';
import { newestRunOf, reasonToSkip } from '../../src/schedule/predecessor.ts';
import { lastTakenTick, type ScheduleEvent, withEvent } from '../../src/schedule/schedule-history.ts';
import { UsageError } from '../../src/util/errors.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

describe('a schedule', () => {
  let redis: TestRedis;
  let home: TemporaryFolder;
  let rollcall: Rollcall;
  const secrets = { redis: 'redis-secret', id: 'app-id-secret', key: 'app-key-secret' };
  const nightly: AddScheduleOptions = {
    name: 'nightly',
    cron: '0 2 * * *',
    tz: 'Europe/Berlin',
    source: './archive',
  };

  beforeAll(async () => {
    [redis, home] = await Promise.all([startTestRedis({ password: secrets.redis }), makeTemporaryFolder()]);
    await writePhotos(join(home.path, 'archive'), { count: 1 });
    rollcall = await openRollcall({
      folder: home.path,
      environment: {
        ROLLCALL_QUEUE: redis.url,
        ROLLCALL_ENGINE_URL: 'http://127.0.0.1:9',
        ROLLCALL_ID_FROM: '{photo}/{id}.{ext}',
        OOTO_APP_ID: secrets.id,
        OOTO_APP_KEY: secrets.key,
      },
      settings: { engine: 'ooto', rate: 3, include: ['a*', 'b*'], maxAttempts: 7, incremental: true },
    });
  });
  afterAll(async () => {
    await rollcall.close();
    await redis.close();
    await home.remove();
  });

  it.each<[Partial<AddScheduleOptions>, RegExp]>([
    [{ name: 'a/b' }, /name is "a\/b": expected letters, digits/],
    [{ name: 'n'.repeat(41) }, /40 at most/],
    [{ cron: 'nightly' }, /--cron is "nightly"/],
    [{ tz: 'Berlin' }, /--tz is "Berlin"/],
    [{ source: '-' }, /--source is -: a scheduled run cannot read stdin/],
    [{ source: './nowhere' }, /nowhere is not there/],
    [{ onFailure: 'alerts' }, /--on-failure is not an address/],
    [
      { onFailure: 'http://alerts.example/x' },
      /--on-failure is plain http; use https:\/\/, or allow it with --allow-http/,
    ],
    [{ onFailure: 'https://user:pass@alerts.example' }, /must not contain a user or a password/],
    [{ onFailure: 'ftp://alerts.example' }, /must begin with https/],
  ])('is refused with %o', async (wrong, message) => {
    const adding = addSchedule(rollcall, { ...nightly, ...wrong });
    await expect(adding).rejects.toThrow(UsageError);
    await expect(adding).rejects.toThrow(message);
    expect(await listSchedules(rollcall)).toEqual([]);
  });

  it('is added with the settings of its runs and without secrets, replaced, listed, and removed', async () => {
    const onFailure = 'https://alerts.example/hook-secret';
    expect(await addSchedule(rollcall, nightly)).toMatchObject({ replaced: false });
    const { schedule, replaced } = await addSchedule(rollcall, { ...nightly, cron: '30 2 * * *', onFailure });
    expect(replaced).toBe(true);
    expect(schedule.settings).toEqual({
      engine: 'ooto',
      engineUrl: 'http://127.0.0.1:9',
      idFrom: '{photo}/{id}.{ext}',
      include: 'a*,b*',
      maxAttempts: '7',
      rate: '3',
      incremental: 'true',
    });
    const text = await readFile(join(home.path, 'rollcall-data/schedules/nightly/schedule.json'), 'utf8');
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    const [listed] = await listSchedules(rollcall);
    expect(listed).toMatchObject({
      name: 'nightly',
      cron: '30 2 * * *',
      source: join(home.path, 'archive'),
      onFailure: 'https://alerts.example/…',
      skipped: 0,
      events: [],
    });
    expect(listed?.nextAt).toMatch(/T0[01]:30:00\.000Z$/);

    await startScheduledRun(rollcall, schedule, 'nightly-20261122T013000Z');
    const record = await readRunRecord(rollcall.state, 'nightly-20261122T013000Z');
    expect(record).toMatchObject({
      schedule: 'nightly',
      engine: 'ooto',
      account: rollcall.engine().account,
      settings: { idFrom: '{photo}/{id}.{ext}', include: ['a*', 'b*'], maxAttempts: 7, incremental: true },
    });
    expect(reasonToSkip(await newestRunOf(rollcall.state, 'nightly'))).toContain('is not over yet');
    expect(await newestRunOf(rollcall.state, 'night')).toBeUndefined();

    await deleteSchedule(rollcall, 'nightly');
    expect(await listSchedules(rollcall)).toEqual([]);
    // Its run is known all the same, should one of this name be added again.
    expect((await newestRunOf(rollcall.state, 'nightly'))?.id).toBe('nightly-20261122T013000Z');
    await expect(deleteSchedule(rollcall, 'nightly')).rejects.toThrow(/There is no schedule nightly in /);
  });

  it('is what the clock is set to, whatever the clock says', async () => {
    await addSchedule(rollcall, nightly);
    await addSchedule(rollcall, { ...nightly, name: 'weekly', cron: '0 4 * * SUN' });
    const clock = await openClock(rollcall);
    const names = async () =>
      (await clock.list()).map(({ name, cron, tz }) => [name, cron, tz].join(' ')).sort();
    const expected = ['nightly 0 2 * * * Europe/Berlin', 'weekly 0 4 * * SUN Europe/Berlin'];
    expect(await names()).toEqual(expected);
    await clock.remove('weekly');
    await clock.put({ name: 'nightly', cron: '0 9 * * *', tz: 'UTC', version: 'old' });
    await clock.put({ name: 'unknown', cron: '0 9 * * *', tz: 'UTC', version: 'old' });
    expect((await setClock(rollcall, clock)).map(({ name }) => name)).toEqual(['nightly', 'weekly']);
    expect(await names()).toEqual(expected);
    await clock.close();
    expect((await readSchedule(rollcall.state, 'weekly'))?.cron).toBe('0 4 * * SUN');
  });
});

describe('what is remembered of ticks', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 2, minute)).toISOString();
  const started = (minute: number): ScheduleEvent => ({
    result: 'started',
    tick: at(minute),
    at: at(minute),
    runId: `n-${minute}`,
  });
  const skipped = (minute: number): ScheduleEvent => ({
    result: 'skipped',
    tick: at(minute),
    at: at(minute),
    count: 1,
    why: 'run n-0 is not over yet',
  });
  const none = { schema: 'rollcall.schedule-history/1', skipped: 0, events: [] } as const;

  it('counts skipped ticks, and keeps those in a row as one', () => {
    const events = [started(0), skipped(1), skipped(2), started(3), skipped(4)];
    const history = events.reduce(withEvent, { ...none, events: [] });
    expect(history.skipped).toBe(3);
    expect(history.events).toEqual([started(0), { ...skipped(2), count: 2 }, started(3), skipped(4)]);
    expect(new Date(lastTakenTick(history)).toISOString()).toBe(at(4));
    expect(lastTakenTick({ ...none, events: [] })).toBe(0);
  });

  it('is the last fifty', () => {
    const events = Array.from({ length: 60 }, (_, minute) => started(minute));
    const history = events.reduce(withEvent, { ...none, events: [] });
    expect(history.events).toEqual(events.slice(10));
  });
});
