import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TimeLimitError, withinTime } from '../../src/util/time-limit.ts';

const never = new Promise<never>(() => {});

describe('a promise with a time limit', () => {
  it('gives its result or its error where it is in time', async () => {
    expect(await withinTime(delay(5, 'done'), { limitInMs: 10_000 })).toBe('done');
    await expect(withinTime(Promise.reject(new Error('no')), { limitInMs: 10_000 })).rejects.toThrow('no');
  });

  it('is late with an error, or with what was asked for', async () => {
    await expect(withinTime(never, { limitInMs: 5 })).rejects.toThrow(TimeLimitError);
    expect(await withinTime(never, { limitInMs: 5, whenLate: () => 'late' })).toBe('late');
    const whenLate = () => {
      throw new Error('of its own');
    };
    await expect(withinTime(never, { limitInMs: 5, whenLate })).rejects.toThrow('of its own');
  });

  it('ends at once with the reason of a signal, before or while it is waited for', async () => {
    const reason = new Error('stopped');
    await expect(withinTime(never, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = withinTime(never, { limitInMs: 10_000, signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('drops an error that comes too late', async () => {
    const failing = delay(20).then(() => {
      throw new Error('too late');
    });
    expect(await withinTime(failing, { limitInMs: 1, whenLate: () => 'late' })).toBe('late');
    await delay(40); // an unhandled rejection would fail the test run
  });

  it('leaves no timer and no listener behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const { signal } = new AbortController();
    const listeners: string[] = [];
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners.push(args[0]);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners.pop();
      removeEventListener.apply(signal, args);
    };
    const before = timers();
    await withinTime(Promise.resolve(), { limitInMs: 60_000, signal });
    await withinTime(never, { limitInMs: 1, signal, whenLate: () => undefined });
    // Another file's, in this process, may have ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
    expect(listeners).toEqual([]);
  });
});
