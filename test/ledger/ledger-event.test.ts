import { describe, expect, it } from 'vitest';
import {
  compareTimes,
  isHeldEvent,
  isStoredEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  ledgerSourceOf,
  parseLedgerEvent,
  readTimes,
  sourceNameOf,
  timesOf,
  writeTimes,
} from '../../src/ledger/ledger-event.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { timeAt } from './ledger-events.ts';

const event: LedgerEvent = {
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', subjectId: 'a', photo: '/1.jpg', templateId: 'T', at: timeAt(1), source: '/s' },
};
const text = JSON.stringify(event);

describe('a line of the ledger', () => {
  it.each<[string, string, 'known' | 'unread']>([
    ['an event', text, 'known'],
    ['an event of a later kind', text.replace('enrolled', 'later'), 'known'],
    ['an event that says more', text.replace('{', '{"more":1,'), 'known'],
    ['one of a later version', text.replace('ledger/1', 'ledger/2'), 'unread'],
    ['one of a later version that is all different', '{"schema":"rollcall.ledger/10"}', 'unread'],
    ['one of this version that lacks something', '{"schema":"rollcall.ledger/1"}', 'unread'],
    ['one without a version', '{}', 'unread'],
    ['one whose version is a number', '{"schema":2}', 'unread'],
    ['a line of another file', '{"schema":"rollcall.report/2"}', 'unread'],
    ['a line that only ends like one', '{"schema":"x rollcall.ledger/"}', 'unread'],
    ['half a line', text.slice(0, -1), 'unread'],
    ['null', 'null', 'unread'],
    ['nothing', '', 'unread'],
    ['an event at no time', text.replace(timeAt(1), 'noon'), 'unread'],
  ])('that is %s is %3$s', (_, line, expected) => {
    const known = parseLedgerEvent(line);
    expect(known === undefined ? 'unread' : 'known').toBe(expected);
    if (expected === 'known') expect(known).toEqual(JSON.parse(line));
  });
});

describe('what the engine holds after an event', () => {
  const rejected = { kind: 'rejected', templateId: 'T' };
  it.each<[Partial<LedgerEvent>, boolean, boolean]>([
    [{ kind: 'enrolled' }, true, true],
    [{ kind: 'unclear' }, true, false],
    [{ kind: 'unclear', stored: 'yes' }, true, false],
    [{ ...rejected, stored: 'yes' }, true, true],
    [{ ...rejected, stored: 'yes', templateId: undefined }, true, false],
    [{ ...rejected, stored: 'unknown' }, true, false],
    [{ ...rejected, stored: undefined }, true, false],
    [{ ...rejected, stored: 'no' }, false, false],
    [{ kind: 'of-a-later-version', stored: 'yes' }, false, false],
  ])('%j: something or perhaps: %s; a template: %s', (given, isHeld, isStored) => {
    expect(isHeldEvent({ ...event, ...given })).toBe(isHeld);
    expect(isStoredEvent({ ...event, ...given })).toBe(isStored);
  });
});

describe('of two events, the newer', () => {
  const at = (minute: number, seen?: number) =>
    timesOf({ at: timeAt(minute), ...(seen !== undefined && { seenAt: timeAt(seen) }) });
  it.each([
    ['was answered later', at(2), at(1)],
    ['was answered later, whenever the other was seen', at(2), at(1, 9)],
    ['was seen later, of two of one answer', at(1, 3), at(1, 2)],
    ['was seen again, of two of one answer', at(1, 2), at(1)],
  ])('%s', (_, newer, older) => {
    expect(compareTimes(newer, older)).toBeGreaterThan(0);
    expect(compareTimes(older, newer)).toBeLessThan(0);
    expect(compareTimes(newer, { ...newer })).toBe(0);
  });

  it.each(['1970-01-01T00:00:00.005Z', '2026-11-22T01:02:03.004Z', new Date(417 * 2 ** 32).toISOString()])(
    'is known by numbers that are kept exactly: %s',
    (time) => {
      const times = timesOf({ at: time, seenAt: timeAt(9_000_000) });
      const words = new Uint32Array(6).fill(7);
      writeTimes(words, times);
      expect(readTimes(words)).toEqual(times);
      expect(times).toEqual({ at: Date.parse(time), seenAt: Date.parse(timeAt(9_000_000)) });
      expect([...words.slice(4)]).toEqual([7, 7]);
    },
  );
});

describe('a source', () => {
  const source = (include: string[], exclude: string[], more: Partial<RunRecord> = {}) =>
    ledgerSourceOf({ source: '/a', settings: { include, exclude }, ...more } as unknown as RunRecord);
  it('has a name for each part of it that is listed', () => {
    const names = [
      source([], []),
      source(['staff/**'], []),
      source([], ['staff/**']),
      source(['staff/**', 'x'], []),
      source(['staff/**'], ['x']),
      source([], [], { source: '/b' }),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('/a');
    expect(source(['staff/**'], ['x'])).toBe(names[4]);
    expect(source([], [], { source: '-', origin: '/a' })).toBe('/a');
  });

  it('is the same on each day of an inventory, and another for another inventory', () => {
    const day = (place: string, include: string[] = []) =>
      source(include, [], { source: `s3://lists/${place}` });
    const first = day('a/photos/daily/2026-11-27T01-00Z/manifest.json');
    expect(first).toBe('s3://lists/a/photos/daily/*/manifest.json');
    expect(day('a/photos/daily/2026-11-28T01-00Z/manifest.json')).toBe(first);
    expect(sourceNameOf({ source: 's3://lists/a/photos/daily/2026-11-26T01-00Z/manifest.json' })).toBe(first);
    const staff = day('a/photos/daily/2026-11-27T01-00Z/manifest.json', ['staff/**']);
    expect(
      sourceNameOf({
        source: 's3://lists/a/photos/daily/2026-11-26T01-00Z/manifest.json (include staff/**)',
      }),
    ).toBe(staff);
    const others = [
      staff,
      day('a/photos/weekly/2026-11-27T01-00Z/manifest.json'),
      day('a/photos/daily/2026-11-27T01-00Z/list.jsonl'),
      day('a/photos/daily/manifest.json'),
      source([], [], { source: '/lists/daily/2026-11-27T01-00Z/manifest.json' }),
    ];
    expect(new Set([first, ...others]).size).toBe(6);
    expect(others[4]).toMatch(/2026-11-27/);
  });
});

it('blanks around an id are no part of it, those in it are', () => {
  expect([' a', 'a\u00a0', '\u200ba '].map(keyWithoutBlanks)).toEqual(['a', 'a', 'a']);
  expect(keyWithoutBlanks(' a b ')).toBe('a b');
});
