import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `read` gives something that is not false or undefined, and returns it. */
export async function until<T>(
  read: () => T | Promise<T>,
  { limitInMs = 300_000, pollInMs = 20, what = 'the condition' } = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + limitInMs;
  for (;;) {
    const value = await read();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (Date.now() > deadline) throw new Error(`${what} did not come true within ${limitInMs} ms`);
    await delay(pollInMs);
  }
}
