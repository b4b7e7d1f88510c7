import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayInMs, withRetry } from '../../src/util/with-retry.ts';

const options = fc.record({
  attempt: fc.integer({ min: 1, max: 1_000 }),
  firstDelayInMs: fc.double({ min: 0.001, max: 1e9, noNaN: true }),
  ceilingInMs: fc.double({ min: 0.001, max: 2e9, noNaN: true }),
});
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before another attempt', () => {
  it('lies between nothing and the exponential delay, and never above the ceiling', () => {
    fc.assert(
      fc.property(options, share, (given, random) => {
        const delay = retryDelayInMs({ ...given, random: () => random });
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(
          Math.min(given.ceilingInMs, given.firstDelayInMs * 2 ** (given.attempt - 1)),
        );
      }),
    );
  });

  it('uses the whole of it: full jitter', () => {
    const most = (attempt: number) =>
      retryDelayInMs({ attempt, firstDelayInMs: 1_000, ceilingInMs: 60_000, random: () => 0.999_999 });
    expect([1, 2, 3, 4, 5, 6, 7, 8, 2_000].map(most)).toEqual(
      [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000 - 1),
    );
    expect(retryDelayInMs({ attempt: 3, firstDelayInMs: 1_000, ceilingInMs: 60_000, random: () => 0 })).toBe(
      0,
    );
    const delays = Array.from({ length: 1_000 }, () =>
      retryDelayInMs({ attempt: 1, firstDelayInMs: 1_000, ceilingInMs: 60_000 }),
    );
    expect(new Set(delays).size).toBeGreaterThan(400);
  });
});

describe('an action that is repeated', () => {
  it('is repeated for as long as the policy names a pause, and then fails with its own error', async () => {
    const seen: number[] = [];
    const errors = [new Error('first'), new Error('second'), new Error('third')];
    const action = () => Promise.reject(errors[seen.length]);
    const pauseInMs = (_error: unknown, failures: number) => {
      seen.push(failures);
      return failures < 3 ? 1 : undefined;
    };
    await expect(withRetry(action, { pauseInMs })).rejects.toBe(errors[2]);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('gives the result of the first try that succeeds', async () => {
    let tries = 0;
    const told: unknown[] = [];
    const action = async () => {
      tries += 1;
      if (tries < 3) throw new Error(`try ${tries}`);
      return 'done';
    };
    const onRetry = (error: unknown) => told.push((error as Error).message);
    expect(await withRetry(action, { pauseInMs: () => 1, onRetry })).toBe('done');
    expect(told).toEqual(['try 1', 'try 2']);
  });

  it('ends a pause at once with the reason of the signal', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const failing = () => Promise.reject(new Error('away'));
    const trying = withRetry(failing, { pauseInMs: () => 60_000, signal });
    setTimeout(() => controller.abort(new Error('stopped')), 5);
    await expect(trying).rejects.toThrow('stopped');
    await expect(withRetry(failing, { pauseInMs: () => 60_000, signal })).rejects.toThrow('stopped');
  });
});
