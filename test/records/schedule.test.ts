import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkScheduleName,
  hasSchedule,
  listScheduleNames,
  readSchedule,
  removeSchedule,
  runIdOfTick,
  type Schedule,
  scheduleFolderOf,
  writeSchedule,
} from '../../src/records/schedule.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError, UsageError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
let state: StateStore;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(() => folder.remove());

const scheduleOf = (name: string): Schedule => ({
  schema: 'rollcall.schedule/1',
  ...{ name, cron: '0 1 * * *', tz: 'Europe/Vienna', source: '/archive' },
  ...{ engine: 'ooto', engineUrl: 'https://e', account: 'a', createdAt: '2026-11-22T01:00:00.000Z' },
  settings: { rate: '5' },
});

describe('the name of a schedule', () => {
  it.each(['a', '7', 'nightly', 'Nightly_2.staff-only', 'x'.repeat(40)])('may be %s', (name) => {
    expect(checkScheduleName(name)).toBe(name);
  });

  it.each(['', '.', '..', '-rf', '_a', 'a/b', '../a', 'a b', 'a\n', 'né', ' a', 'x'.repeat(41)])(
    'is not %j: it is a folder, and part of the ids of its runs',
    (name) => {
      expect(() => checkScheduleName(name)).toThrow(UsageError);
    },
  );

  it('is not repeated at any length', () => {
    const name = `${'y'.repeat(60)}${'z'.repeat(9_000)}`;
    expect(() => checkScheduleName(name)).toThrow('y'.repeat(60));
    expect(() => checkScheduleName(name)).not.toThrow('z');
  });
});

describe('a schedule', () => {
  it('is read as it was written, and is gone with all that is remembered of it', async () => {
    expect(await listScheduleNames(state)).toEqual([]);
    const schedules = ['nightly', 'hourly'].map(scheduleOf);
    for (const schedule of schedules) await writeSchedule(state, schedule);
    await state.write('schedules/a-file', '');
    for (const schedule of schedules) expect(await readSchedule(state, schedule.name)).toEqual(schedule);
    expect(await listScheduleNames(state)).toEqual(['hourly', 'nightly']);
    await state.write(`${scheduleFolderOf('hourly')}/notes.json`, '{}');
    await removeSchedule(state, 'hourly');
    expect(await listScheduleNames(state)).toEqual(['nightly']);
    expect(await readSchedule(state, 'hourly')).toBeUndefined();
    expect([await hasSchedule(state, 'hourly'), await hasSchedule(state, 'nightly')]).toEqual([false, true]);
  });

  it('stops counting first: a death in the middle of its removal leaves none', async () => {
    await writeSchedule(state, scheduleOf('dying'));
    const removals: string[] = [];
    const dying: StateStore = {
      ...state,
      async remove(path) {
        if (removals.push(path) > 1) throw new Error('killed');
        await state.remove(path);
      },
    };
    await expect(removeSchedule(dying, 'dying')).rejects.toThrow('killed');
    expect(await hasSchedule(state, 'dying')).toBe(false);
  });

  it.each([
    '',
    '{',
    'null',
    '{"schema":"rollcall.schedule/1"}',
    JSON.stringify({ ...scheduleOf('d'), cron: 5 }),
  ])('that is damaged (%s) is there, and says how it is mended', async (text) => {
    await state.write('schedules/damaged/schedule.json', text);
    expect(await hasSchedule(state, 'damaged')).toBe(true);
    const error = await readSchedule(state, 'damaged').catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FaultError);
    expect(error.message).toContain(state.locate('schedules/damaged/schedule.json'));
    expect(error.message).toContain('rollcall schedule remove damaged');
    expect(error.cause).toBeInstanceOf(Error);
  });
});

it('a tick has one run, however often it comes, and another tick another one', () => {
  const tick = Date.UTC(2026, 10, 22, 1);
  expect(runIdOfTick('nightly', tick)).toBe('nightly-20261122T010000Z');
  expect(runIdOfTick('nightly', tick + 999)).toBe('nightly-20261122T010000Z');
  expect(runIdOfTick('nightly', tick + 1_000)).toBe('nightly-20261122T010001Z');
  expect(runIdOfTick('n', Date.UTC(2026, 0, 1))).toBe('n-20260101T000000Z');
});
