/** Numbers and times as people read them. English, as all of rollcall; times by the clock of whoever looks. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const formatCount = (count: number) => whole.format(count);

/** `1 photo`, `1,200 photos`. */
export const countOf = (count: number, one: string, many = `${one}s`) =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** Never 100 % where something is missing, never 0 % where there is something. */
export function formatShare(part: number, of: number): string {
  if (of === 0) return '–';
  const percent = (part / of) * 100;
  if (part < of && percent > 99.9) return '> 99.9 %';
  if (part > 0 && percent < 0.1) return '< 0.1 %';
  return `${tenths.format(percent)} %`;
}

export const formatRate = (perSecond: number) =>
  `${perSecond >= 100 ? whole.format(perSecond) : tenths.format(perSecond)} / s`;

/** Any measure, with three digits that say something. */
export const formatMeasure = (value: number) =>
  Math.abs(value) >= 1_000 ? whole.format(value) : digits.format(value);

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${tenths.format(Math.max(0, seconds))} s`;
  const rounded = Math.round(seconds);
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const at = units.findIndex(([size]) => rounded >= size);
  const [size, name] = units[at] ?? [1, 's'];
  const next = units[at + 1];
  const rest = next ? Math.floor((rounded % size) / next[0]) : 0;
  return `${formatCount(Math.floor(rounded / size))} ${name}${next && rest > 0 ? ` ${rest} ${next[1]}` : ''}`;
}

const timeFormat: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const dateFormat: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' };
const dateAndTime = new Intl.DateTimeFormat('en-GB', { ...dateFormat, ...timeFormat });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** `28 Nov 2026, 19:04:11`; what is no time is shown as it is. */
export function formatTime(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : dateAndTime.format(at);
}

/** When something is over that takes `seconds` more: `at 19:04`, and the day if that is not today. */
export function formatFinish(seconds: number, now = new Date()): string {
  const end = new Date(now.getTime() + seconds * 1000);
  const isToday = end.toDateString() === now.toDateString();
  if (isToday) return `at ${clock.format(end)}`;
  return `${new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' }).format(end)} at ${clock.format(end)}`;
}

export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Seconds between two ISO times. */
export const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;
