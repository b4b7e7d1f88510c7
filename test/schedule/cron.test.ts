import { describe, expect, it } from 'vitest';
import { checkCronTime, latestTick, nextTick, ticksBetween } from '../../src/schedule/cron.ts';
import { UsageError } from '../../src/util/errors.ts';

const iso = (at: number) => new Date(at).toISOString();
const berlin = { cron: '30 2 * * *', tz: 'Europe/Berlin' };

describe('a cron time', () => {
  it.each([
    ['0 2 * * *', 'Europe/Berlin'],
    ['  */5   8-18 * * MON-FRI ', 'UTC'],
    ['*/2 * * * * *', 'America/Argentina/Buenos_Aires'],
    ['0 2 L * *', 'utc'],
    ['0 2 * * THU', 'Etc/GMT+5'],
  ])('is "%s" in %s', (cron, tz) => {
    expect(checkCronTime({ cron, tz })).toEqual({ cron: cron.trim().replace(/\s+/g, ' '), tz });
  });

  it.each([
    ['', 'UTC', /--cron is "": it does not have 5 or 6 fields/],
    ['0 2 * *', 'UTC', /it does not have 5 or 6 fields/],
    ['0 0 2 * * * *', 'UTC', /it does not have 5 or 6 fields/],
    ['@daily', 'UTC', /it does not have 5 or 6 fields/],
    ['61 * * * *', 'UTC', /61.*Every night at two is '0 2 \* \* \*'/],
    ['0 0 31 2 *', 'UTC', /--cron is "0 0 31 2 \*"/],
    ['H 2 * * *', 'UTC', /H is not supported/],
    ['0 2 * * *', 'Europe/Nowhere', /--tz is "Europe\/Nowhere": expected a name such as Europe\/Berlin/],
    ['0 2 * * *', '', /--tz is ""/],
    ['0 2 * * *', '+02:00', /--tz/],
    ['0 2 * * *', 'local', /--tz/],
  ])('is not "%s" in "%s"', (cron, tz, message) => {
    expect(() => checkCronTime({ cron, tz })).toThrow(UsageError);
    expect(() => checkCronTime({ cron, tz })).toThrow(message);
  });

  it('comes once in the night in which the clock is put forward, an hour later by the clock', () => {
    const night = Date.parse('2026-03-29T01:30:00Z');
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
});
