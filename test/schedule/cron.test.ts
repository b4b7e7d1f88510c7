import { describe, expect, it } from 'vitest';
import { type CronTime, checkCronTime, latestTick, nextTick, ticksBetween } from '../../src/schedule/cron.ts';
import { UsageError } from '../../src/util/errors.ts';
import { isLong } from '../helpers/long.ts';
import {
  clockChangesOf,
  clockChangesToTry,
  dueAround,
  isAroundMidnight,
  zonesAroundMidnight,
} from './clock-changes.ts';

const iso = (at: number) => new Date(at).toISOString();
const berlin = { cron: '30 2 * * *', tz: 'Europe/Berlin' };

describe('a cron time', () => {
  it.each([
    ['0 2 * * *', 'Europe/Berlin'],
    ['  */5   8-18 * * MON-FRI ', 'UTC'],
    ['*/2 * * * * *', 'America/Argentina/Buenos_Aires'],
    ['0 2 L * *', 'utc'],
    ['0 2 * * THU', 'Etc/GMT+5'],
    ['@daily', 'Africa/Cairo'],
    ['@midnight', 'UTC'],
    ['@Weekly', 'UTC'],
    ['0 0 29 2 *', 'UTC'],
    ['5/10 * * * *', 'UTC'],
    ['0 0 * * 7', 'UTC'],
    ['0 0 15W * MON#1', 'UTC'],
  ])('is "%s" in %s', (cron, tz) => {
    expect(checkCronTime({ cron, tz })).toEqual({ cron: cron.trim().replace(/\s+/g, ' '), tz });
  });

  it.each([
    ['', 'UTC', /--cron is "": it does not have 5 or 6 fields/],
    ['0 2 * *', 'UTC', /it does not have 5 or 6 fields/],
    ['0 0 2 * * * *', 'UTC', /it does not have 5 or 6 fields/],
    ['@nightly', 'UTC', /only @hourly, @daily, .* are known/],
    ['@reboot', 'UTC', /only @hourly, @daily, .* are known/],
    ['61 * * * *', 'UTC', /its minute is 61, and may be 0 to 59\. Every night at two is '0 2 \* \* \*'/],
    ['0 24 * * *', 'UTC', /its hour is 24, and may be 0 to 23/],
    ['0 0 32 * *', 'UTC', /its day is 32, and may be 1 to 31/],
    ['0 0 0 * *', 'UTC', /its day is 0, and may be 1 to 31/],
    ['0 0 1 1-13 *', 'UTC', /its month is 13, and may be 1 to 12/],
    ['60 0 2 * * *', 'UTC', /its second is 60/],
    ['0 22-2 * * *', 'UTC', /its hour goes from 22 to 2: write 22-23,0-2/],
    ['x 2 * * *', 'UTC', /illegal characters/],
    ['0 0 31 2 *', 'UTC', /--cron is "0 0 31 2 \*": it is never due/],
    ['0 0 30 2 *', 'America/Havana', /it is never due/],
    ['0 0 31 4,6,9,11 *', 'UTC', /it is never due/],
    ['* * 31 11 *', 'UTC', /it is never due/],
    ['0 0 2 30 2 *', 'UTC', /it is never due/],
    ['H 2 * * *', 'UTC', /H is not supported/],
    ['0 2 * * *', 'Europe/Nowhere', /--tz is "Europe\/Nowhere": expected a name such as Europe\/Berlin/],
    ['0 2 * * *', '', /--tz is ""/],
    ['0 2 * * *', '+02:00', /--tz/],
    ['0 2 * * *', 'local', /--tz/],
  ])('is not "%s" in "%s"', (cron, tz, message) => {
    expect(() => checkCronTime({ cron, tz })).toThrow(UsageError);
    expect(() => checkCronTime({ cron, tz })).toThrow(message);
  });

  it('comes once in the night in which the clock is put forward, as soon as its time is over', () => {
    const night = Date.parse('2026-03-29T01:00:00Z');
    expect(iso(nextTick(berlin, Date.parse('2026-03-28T01:30:00Z')))).toBe(iso(night));
    expect(iso(nextTick(berlin, night))).toBe('2026-03-30T00:30:00.000Z');
    expect(iso(latestTick(berlin, Date.parse('2026-03-29T12:00:00Z')))).toBe(iso(night));
    expect(iso(latestTick(berlin, Date.parse('2026-03-30T12:00:00Z')))).toBe('2026-03-30T00:30:00.000Z');
  });

  it('comes once in the night in which the clock is put back', () => {
    const night = Date.parse('2026-10-25T00:30:00Z');
    expect(iso(nextTick(berlin, Date.parse('2026-10-24T00:30:00Z')))).toBe(iso(night));
    expect(iso(nextTick(berlin, night))).toBe('2026-10-26T01:30:00.000Z');
    // Half past two by the clock once more, and later: it is the same night.
    for (const at of ['2026-10-25T01:30:00Z', '2026-10-25T01:30:01Z', '2026-10-25T12:00:00Z'])
      expect(iso(latestTick(berlin, Date.parse(at)))).toBe(iso(night));
  });

  it('was due at the latest at the moment itself', () => {
    const time = { cron: '*/2 * * * * *', tz: 'UTC' };
    const tick = Date.parse('2026-11-22T02:00:02Z');
    for (const [at, expected] of [
      [tick, tick],
      [tick + 1, tick],
      [tick + 1_999, tick],
      [tick - 1, tick - 2_000],
    ] as const)
      expect(iso(latestTick(time, at))).toBe(iso(expected));
    expect(ticksBetween(time, tick, tick + 2_000)).toBe(0);
    expect(ticksBetween(time, tick, tick + 10_000)).toBe(4);
    expect(ticksBetween(time, 0, tick)).toBe(100);
  });

  const minutes = (hour: number, minute: number) => (hour * 60 + minute) * 60_000;

  it('comes once a night wherever the clock is changed around midnight, whenever one asks', () => {
    const zones = isLong ? Intl.supportedValuesOf('timeZone') : zonesAroundMidnight;
    const changes = zones.flatMap(clockChangesToTry).filter(isAroundMidnight);
    expect([...new Set(changes.map(({ tz }) => tz))]).toEqual(expect.arrayContaining(zonesAroundMidnight));
    for (const change of changes) {
      for (const [hour, minute] of [
        [0, 0],
        [0, 30],
        [23, 30],
      ] as const) {
        const time = { cron: `${minute} ${hour} * * *`, tz: change.tz };
        expectTicks(time, dueAround(change, minutes(hour, minute)));
      }
    }
  });

  it('comes once a night in every other change of the clock', () => {
    const zones = isLong
      ? Intl.supportedValuesOf('timeZone')
      : ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Casablanca'];
    for (const change of zones.flatMap(clockChangesToTry))
      for (const hour of [1, 2, 3])
        expectTicks({ cron: `30 ${hour} * * *`, tz: change.tz }, dueAround(change, minutes(hour, 30)));
  });

  it('of several times a day has each once, and every so often goes by the clock that runs', () => {
    const cairo = { cron: '30 0,12 * * *', tz: 'Africa/Cairo' };
    expectTicks(
      cairo,
      ['2026-04-23T10:30Z', '2026-04-23T22:00Z', '2026-04-24T09:30Z', '2026-04-24T21:30Z'].map(Date.parse),
    );
    const [daily] = clockChangesOf('Africa/Cairo');
    if (daily) expectTicks({ cron: '@daily', tz: 'Africa/Cairo' }, dueAround(daily, 0));
    const often = { cron: '*/30 * * * *', tz: 'Europe/Berlin' };
    const from = Date.parse('2026-10-24T22:00Z');
    expectTicks(
      often,
      Array.from({ length: 10 }, (_, half) => from + half * 30 * 60_000),
    );
  });
});

/** Going forward, and back, from wherever one asks. */
function expectTicks(time: CronTime, ticks: readonly number[]): void {
  const shown = (at: number) => `${time.cron} in ${time.tz} from ${iso(at)}`;
  for (const [index, tick] of ticks.slice(0, -1).entries()) {
    const next = ticks[index + 1] ?? 0;
    for (const at of [tick, tick + 1_800_000, next - 1]) {
      if (at >= next) continue;
      expect(iso(nextTick(time, at)), shown(at)).toBe(iso(next));
      expect(iso(latestTick(time, at)), shown(at)).toBe(iso(tick));
    }
  }
}
