import { type CronExpression, CronExpressionParser } from 'cron-parser';
import { UsageError } from '../util/errors.ts';

/** When a schedule is due: a cron expression of 5 or 6 fields (the first of 6 is the second) in a time zone. */
export interface CronTime {
  readonly cron: string;
  /** IANA name: `Europe/Berlin`, `UTC`. */
  readonly tz: string;
}

const longestMissedCount = 100;

/** @throws UsageError naming `--cron` or `--tz` and what to write instead */
export function checkCronTime({ cron, tz }: CronTime): CronTime {
  if (!isTimeZone(tz)) {
    throw new UsageError(
      'schedule-tz',
      `--tz is "${tz.slice(0, 60)}": expected a name such as Europe/Berlin or UTC.`,
    );
  }
  const text = cron.trim().replace(/\s+/g, ' ');
  const fields = text === '' ? 0 : text.split(' ').length;
  if (fields !== 5 && fields !== 6) throw wrongCron(cron, 'it does not have 5 or 6 fields');
  // cron-parser would draw lots for H, another one each time.
  if (/(?<![a-z])h(?![a-z])/i.test(text)) throw wrongCron(cron, 'H is not supported');
  try {
    nextTick({ cron: text, tz }, Date.now());
    latestTick({ cron: text, tz }, Date.now());
  } catch (error) {
    throw wrongCron(cron, (error as Error).message);
  }
  return { cron: text, tz };
}

/** The first tick after `after`; milliseconds since 1970, as all times here. */
export function nextTick(time: CronTime, after: number): number {
  return parse(time, after).next().getTime();
}

/**
 * The last tick up to `at`. It is found by going forward from some way back, since going back sees other ticks than
 * going forward where the clock is changed: 2:30 twice in October, and not at all in March.
 */
export function latestTick(time: CronTime, at: number): number {
  const back = parse(time, at);
  let tick = 0;
  for (let step = 0; step < 3; step += 1) tick = back.prev().getTime();
  for (let next = tick; next <= at; next = nextTick(time, tick)) tick = next;
  return tick;
}

/** How many ticks lie between the two, without them; 100 at most. */
export function ticksBetween(time: CronTime, from: number, to: number): number {
  let count = 0;
  for (let tick = nextTick(time, from); tick < to && count < longestMissedCount; count += 1)
    tick = nextTick(time, tick);
  return count;
}

function parse({ cron, tz }: CronTime, at: number): CronExpression {
  return CronExpressionParser.parse(cron, { tz, currentDate: new Date(at) });
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

function wrongCron(cron: string, reason: string): UsageError {
  return new UsageError(
    'schedule-cron',
    `--cron is "${cron.slice(0, 100)}": ${reason}. Every night at two is '0 2 * * *': minute, hour, day, month, weekday.`,
  );
}
