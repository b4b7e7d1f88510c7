import { isLong } from '../helpers/long.ts';

/** A moment at which a time zone changes its clock; offsets are local time minus UTC, in milliseconds. */
export interface ClockChange {
  readonly tz: string;
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

const dayInMs = 24 * 3_600_000;
const minuteInMs = 60_000;

/** Zones that change their clock at midnight, or over it, between 2022 and 2029. */
export const zonesAroundMidnight = [
  'Africa/Cairo',
  'America/Asuncion',
  'America/Ciudad_Juarez',
  'America/Coyhaique',
  'America/Godthab',
  'America/Havana',
  'America/Santiago',
  'America/Scoresbysund',
  'Antarctica/Casey',
  'Antarctica/Vostok',
  'Asia/Almaty',
  'Asia/Amman',
  'Asia/Beirut',
  'Asia/Damascus',
  'Asia/Tehran',
  'Atlantic/Azores',
];

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What Node.js's own tz database says. */
export function offsetOf(tz: string, at: number): number {
  const clock =
    clocks.get(tz) ??
    new Intl.DateTimeFormat('sv', { timeZone: tz, dateStyle: 'short', timeStyle: 'medium' });
  clocks.set(tz, clock);
  const second = Math.floor(at / 1000) * 1000;
  return Date.parse(`${clock.format(second).replace(' ', 'T')}Z`) - second;
}

export function clockChangesOf(tz: string): ClockChange[] {
  const changes: ClockChange[] = [];
  const stepInMs = 10 * dayInMs;
  for (let from = Date.parse('2022-01-01'); from < Date.parse('2030-01-01'); from += stepInMs) {
    const before = offsetOf(tz, from);
    if (offsetOf(tz, from + stepInMs) === before) continue;
    let [earlier, at] = [from, from + stepInMs];
    while (at - earlier > minuteInMs) {
      const middle = Math.floor((earlier + at) / 2 / minuteInMs) * minuteInMs;
      if (offsetOf(tz, middle) === before) earlier = middle;
      else at = middle;
    }
    changes.push({ tz, at, before, after: offsetOf(tz, at) });
  }
  return changes;
}

/** All of them in the long form of the tests; else one of each kind, since most come again every year. */
export function clockChangesToTry(tz: string): ClockChange[] {
  const changes = clockChangesOf(tz);
  const kindOf = ({ at, before, after }: ClockChange) => [(at + before) % dayInMs, before, after].join();
  return isLong ? changes : [...new Map(changes.map((change) => [kindOf(change), change])).values()];
}

/** Whether a midnight does not exist, comes twice, or is the moment of the change. */
export function isAroundMidnight({ at, before, after }: ClockChange): boolean {
  const [first = 0, last = 0] = [at + before, at + after].sort((a, b) => a - b);
  return Math.ceil(first / dayInMs) * dayInMs <= last;
}

/**
 * When a time of the day is due in the days around a change: at its first moment, or if it does not exist, at the moment
 * of the change. Reckoned from the offsets alone.
 */
export function dueAround({ at, before, after }: ClockChange, timeOfDayInMs: number): number[] {
  const today = Math.floor((at + before) / dayInMs) * dayInMs;
  return [-2, -1, 0, 1, 2].map((day) => {
    const local = today + day * dayInMs + timeOfDayInMs;
    if (local - before < at) return local - before;
    return local - after >= at ? local - after : at;
  });
}
