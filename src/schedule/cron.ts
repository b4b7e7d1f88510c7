import { Cron } from 'croner';
import { UsageError } from '../util/errors.ts';
import { wrongField } from './cron-fields.ts';
import { momentOf, offsetOf } from './local-time.ts';

/** When a schedule is due: a cron expression of 5 or 6 fields (the first of 6 is the second) in a time zone. */
export interface CronTime {
  /** Or a word for one: `@hourly`, `@daily` and `@midnight`, `@weekly`, `@monthly`, `@yearly` and `@annually`. */
  readonly cron: string;
  /** IANA name: `Europe/Berlin`, `UTC`. */
  readonly tz: string;
}

const longestMissedCount = 100;
/** A country that changes its side of the date line. */
const longestChangeInMs = 24 * 3_600_000;
const words = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'];

/** @throws UsageError naming `--cron` or `--tz` and what to write instead */
export function checkCronTime({ cron, tz }: CronTime): CronTime {
  if (!isTimeZone(tz)) {
    throw new UsageError(
      'schedule-tz',
      `--tz is "${tz.slice(0, 60)}": expected a name such as Europe/Berlin or UTC.`,
    );
  }
  const text = cron.trim().replace(/\s+/g, ' ');
  const reason = whyWrong({ cron: text, tz });
  if (reason === undefined) return { cron: text, tz };
  throw new UsageError(
    'schedule-cron',
    `--cron is "${cron.slice(0, 100)}": ${reason}. Every night at two is '0 2 * * *': minute, hour, day, month, weekday.`,
  );
}

/**
 * The first tick after `after`; milliseconds since 1970, as all times here. A fixed time of the day is due once a day, also
 * where the clock is changed (`momentOf` says when); every so often goes by the clock that runs.
 * @throws Error for one that is never due
 */
export function nextTick(time: CronTime, after: number): number {
  if (!isFixed(time)) return dueAt(readIn(time.tz, time).nextRun(new Date(after)));
  const calendar = readIn('UTC', time);
  let local = after + offsetOf(time.tz, after) - longestChangeInMs;
  for (;;) {
    local = dueAt(calendar.nextRun(new Date(local)));
    const tick = momentOf(time.tz, local);
    if (tick > after) return tick;
  }
}

/** The last tick up to `at`. */
export function latestTick(time: CronTime, at: number): number {
  const fromNextSecond = (moment: number) => new Date(Math.floor(moment / 1000) * 1000 + 1000);
  if (!isFixed(time)) return dueAt(readIn(time.tz, time).previousRuns(1, fromNextSecond(at))[0]);
  const calendar = readIn('UTC', time);
  let before = fromNextSecond(at + offsetOf(time.tz, at) + longestChangeInMs);
  for (;;) {
    const local = dueAt(calendar.previousRuns(1, before)[0]);
    const tick = momentOf(time.tz, local);
    if (tick <= at) return tick;
    before = new Date(local);
  }
}

/** How many ticks lie between the two, without them; 100 at most. */
export function ticksBetween(time: CronTime, from: number, to: number): number {
  let count = 0;
  for (let tick = nextTick(time, from); tick < to && count < longestMissedCount; count += 1)
    tick = nextTick(time, tick);
  return count;
}

/** Seconds, minutes and hours have numbers, lists or ranges; with a star or a step it is every so often. */
function isFixed({ cron }: CronTime): boolean {
  const fields = cron.split(' ');
  if (fields.length === 1) return cron.toLowerCase() !== '@hourly';
  return !/[*?/]/u.test(fields.slice(0, -3).join());
}

/**
 * As croner reads it. It is asked for days and times in UTC where they are fixed: in a zone of its own it loses the night
 * of a change from 23:00 to midnight (Greenland).
 */
function readIn(tz: string, { cron }: CronTime): Cron {
  // `5/10`, which earlier versions took, is sloppy.
  const zone = tz === 'UTC' ? { utcOffset: 0 } : { timezone: tz };
  return new Cron(cron, { ...zone, paused: true, mode: '5-or-6-parts', sloppyRanges: true });
}

function dueAt(tick: Date | null | undefined): number {
  if (tick) return tick.getTime();
  throw new Error('it is never due: no such day comes');
}

/** Undefined where nothing is wrong. */
function whyWrong(time: CronTime): string | undefined {
  const { cron } = time;
  const fields = cron === '' ? [] : cron.split(' ');
  if (cron.startsWith('@')) {
    if (!words.includes(cron.toLowerCase())) return `of words, only ${words.join(', ')} are known`;
  } else if (fields.length !== 5 && fields.length !== 6) return 'it does not have 5 or 6 fields';
  else {
    const wrong = wrongField(fields);
    if (wrong !== undefined) return wrong;
  }
  try {
    nextTick(time, Date.now());
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, '');
  }
}

function isTimeZone(tz: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(tz)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: tz });
    return true;
  } catch {
    return false;
  }
}
