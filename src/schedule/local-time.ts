const dayInMs = 24 * 3_600_000;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Local time minus UTC at a moment, in milliseconds. `tz`: IANA name. */
export function offsetOf(tz: string, at: number): number {
  const clock = clocks.get(tz) ?? new Intl.DateTimeFormat('en', { timeZone: tz, timeZoneName: 'longOffset' });
  clocks.set(tz, clock);
  const name = clock.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /([+-])(\d+):(\d+):?(\d+)?/u.exec(name) ?? [];
  const sizeInMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -sizeInMs : sizeInMs;
}

/**
 * The moment of a local time, which is given as if it were UTC: the first one where the clock shows it twice; where it is
 * never shown, since the clock was put forward over it, the moment of that change.
 */
export function momentOf(tz: string, local: number): number {
  const [before, after] = [offsetOf(tz, local - dayInMs), offsetOf(tz, local + dayInMs)];
  const isShown = (at: number) => at + offsetOf(tz, at) === local;
  const found = [local - before, local - after].sort((a, b) => a - b).find(isShown);
  if (found !== undefined) return found;
  let [earlier, change] = [local - after, local - before];
  while (change - earlier > 1_000) {
    const middle = Math.floor((earlier + change) / 2_000) * 1_000;
    if (middle + offsetOf(tz, middle) < local) earlier = middle;
    else change = middle;
  }
  return change;
}
