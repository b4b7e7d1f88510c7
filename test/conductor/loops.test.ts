import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFailureWatch } from '../../src/conductor/failure-watch.ts';
import { createDeferredPhotos, createInFlightPhotos } from '../../src/conductor/in-flight-photos.ts';
import { createStop, type Stop, type StopReason } from '../../src/conductor/stop.ts';
import { withStoreRetry } from '../../src/queue/queue-with-retry.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { FaultError } from '../../src/util/errors.ts';
import { plural } from '../../src/util/plural.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeJobs } from '../queue/photo-jobs.ts';
import { lineOf } from '../records/report-lines.ts';

const never = new AbortController().signal;
const range = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index);

/** Whether a promise has settled by now, after everything else that could run has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (
    (await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(pending)))])) ===
    pending
  );
}

describe('the window of photos that were fed', () => {
  it('never gives more than there is room for, and always something once enough are settled', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ feed: fc.integer({ min: 1, max: 700 }) }),
        fc.record({ settle: fc.nat({ max: 300 }) }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), steps, async (window, all) => {
        const inFlight = createInFlightPhotos(window);
        let next = 1;
        for (const step of all) {
          if ('settle' in step) {
            inFlight.settle([...inFlight.jobs()].slice(0, step.settle).map(({ data }) => data.seq));
          } else {
            const room = inFlight.room(step.feed, never);
            while (await isPending(room)) {
              expect(inFlight.size).toBeGreaterThan(0);
              inFlight.settle([...inFlight.jobs()].slice(0, 1).map(({ data }) => data.seq));
            }
            const count = await room;
            expect(count).toBeGreaterThan(0);
            expect(count).toBeLessThanOrEqual(step.feed);
            inFlight.add(makeJobs(count, next));
            next += count;
          }
          expect(inFlight.size).toBeLessThanOrEqual(window);
        }
      }),
      { numRuns: randomInputs(50) },
    );
  });

  it('does not wait for a slow photo while others are done', async () => {
    const inFlight = createInFlightPhotos(216);
    inFlight.add(makeJobs(await inFlight.room(500, never)));
    expect(inFlight.size).toBe(216);
    inFlight.settle(range(20, 2));
    expect(await inFlight.room(284, never)).toBe(20);
  });

  it('a window of nothing lets one photo through at a time, and an abort ends the waiting', async () => {
    const inFlight = createInFlightPhotos(0);
    inFlight.add(makeJobs(await inFlight.room(10, never)));
    expect(inFlight.size).toBe(1);
    const controller = new AbortController();
    const waiting = inFlight.room(1, controller.signal);
    expect(await isPending(waiting)).toBe(true);
    controller.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    await expect(inFlight.room(1, controller.signal)).rejects.toThrow(/abort/i);
  });
});

describe('deferred photos', () => {
  const placed = (seq: number) => ({ line: { seq }, offset: 0, sizeInBytes: 1 });

  it('come out once, in order, when the photo that they wait for has its line', async () => {
    const deferred = createDeferredPhotos();
    deferred.defer(1, placed(2));
    deferred.defer(1, placed(3));
    deferred.defer(2, placed(4));
    expect(deferred.release([5])).toEqual([]);
    expect(deferred.release([1]).map(({ line }) => line.seq)).toEqual([2, 3]);
    expect(deferred.release([1])).toEqual([]);
    expect(deferred.release([2, 1]).map(({ line }) => line.seq)).toEqual([4]);
  });

  it('are bounded: feeding waits while there are more than 10,000', async () => {
    const deferred = createDeferredPhotos();
    for (const seq of range(10_001)) deferred.defer(seq, placed(seq + 20_000));
    const room = deferred.room(never);
    expect(await isPending(room)).toBe(true);
    deferred.release([7]);
    await room;
  });
});

describe('the failure watch', () => {
  const outcome = fc.constantFrom<ReportLine['status']>(
    'enrolled',
    'rejected',
    'failed',
    'skipped',
    'cancelled',
    'duplicate',
  );

  it('speaks exactly when the last 1,000 outcomes reach the share, however they come in batches', () => {
    const kind = fc.constantFrom<ReportLine['status']>('enrolled', 'rejected', 'skipped');
    const stretches = fc.array(fc.tuple(kind, fc.integer({ min: 1, max: 900 })), {
      minLength: 1,
      maxLength: 8,
    });
    const cuts = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(stretches, cuts, fc.integer({ min: 1, max: 100 }), (all, sizes, percent) => {
        const statuses = all.flatMap(([status, count]) => Array<ReportLine['status']>(count).fill(status));
        const counted: boolean[] = [];
        const speaksAt = statuses.findIndex((status) => {
          if (status !== 'skipped') counted.push(status === 'rejected');
          const last = counted.slice(-1000);
          return last.length === 1000 && last.filter(Boolean).length >= percent * 10;
        });
        const watch = createFailureWatch({ share: percent / 100 });
        let spokeAt = -1;
        for (let from = 0, turn = 0; from < statuses.length && spokeAt < 0; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          const batch = statuses
            .slice(from, from + size)
            .map((status, index) => lineOf(from + index + 1, 'x', status));
          if (watch.add(batch) !== undefined) spokeAt = from;
          from += size;
        }
        if (speaksAt < 0) expect(spokeAt).toBe(-1);
        else expect(spokeAt >= 0 && spokeAt <= speaksAt).toBe(true);
      }),
      { numRuns: randomInputs(40) },
    );
  });

  it('counts dead letters where a count is given', () => {
    fc.assert(
      fc.property(fc.array(outcome), fc.integer({ min: 1, max: 10 }), (statuses, count) => {
        const watch = createFailureWatch({ count });
        const reason = watch.add(statuses.map((status, index) => lineOf(index + 1, 'x', status)));
        const letters = statuses.filter((status) =>
          ['rejected', 'failed', 'duplicate'].includes(status),
        ).length;
        if (letters < count) expect(reason).toBeUndefined();
        else expect(reason).toMatch(new RegExp(`^${plural(count, 'dead letter')}, .+ What helps: `));
      }),
    );
  });

  it('judges what was by the threshold that it is given meanwhile', () => {
    const watch = createFailureWatch({ count: 100 });
    expect(watch.add(range(5).map((seq) => lineOf(seq, 'x', 'failed')))).toBeUndefined();
    watch.replace({ count: 3 });
    expect(watch.add([lineOf(6, 'x')])).toMatch(/^5 dead letters/);
  });

  it('says nothing before there are 1,000 outcomes', () => {
    const watch = createFailureWatch({ share: 0.01 });
    expect(watch.add(range(999).map((seq) => lineOf(seq, 'x', 'failed')))).toBeUndefined();
    expect(watch.add([lineOf(1000, 'x')])).toMatch(/999 of the last 1000/);
  });
});

describe('keeping on trying', () => {
  const onRetry = () => {};

  it('repeats what fails until it goes well, and tells of each failure', async () => {
    const told: string[] = [];
    let tries = 0;
    const result = await withStoreRetry(
      async () => {
        tries += 1;
        if (tries < 3) throw new Error(`away ${tries}`);
        return 'done';
      },
      { signal: never, onRetry: ({ message }) => void told.push(message) },
    );
    expect([result, told]).toEqual(['done', ['away 1', 'away 2']]);
  });

  it.each([
    ['fails for good', () => Promise.reject(new Error('refused'))],
    ['never answers', () => new Promise<never>(() => {})],
  ])('ends with a fault when the store %s', async (_, action) => {
    const error = await withStoreRetry(action, {
      signal: never,
      onRetry,
      longestOutageInMs: () => 300,
    }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FaultError);
    expect(error.exitCode).toBe(4);
    expect(error.message).toMatch(/The queue does not answer.*start the same command again/);
  });

  it('does not try a fault again', async () => {
    const fault = new FaultError('state', 'full');
    await expect(withStoreRetry(() => Promise.reject(fault), { signal: never, onRetry })).rejects.toBe(fault);
  });

  it('ends at once when the signal aborts, between tries and in the middle of one', async () => {
    for (const action of [() => Promise.reject(new Error('away')), () => new Promise<never>(() => {})]) {
      const controller = new AbortController();
      const trying = withStoreRetry(action, { signal: controller.signal, onRetry });
      expect(await isPending(trying)).toBe(true);
      controller.abort();
      await expect(trying).rejects.toThrow(/abort/i);
    }
  });

  it('tries once even where the signal has aborted before', async () => {
    expect(await withStoreRetry(async () => 'done', { signal: AbortSignal.abort(), onRetry })).toBe('done');
  });
});

describe('the reason to stop', () => {
  const whenStopped = async (stop: Stop, ...loops: Promise<void>[]) => {
    await Promise.all(loops.map(stop.guard));
    return stop.close();
  };

  it('is the first one; what loops throw while they stop is no fault', async () => {
    const interrupt = new AbortController();
    const stop = createStop(interrupt.signal);
    const loop = async (reason: StopReason) => stop.end(reason);
    const ending = whenStopped(
      stop,
      new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason))),
      loop({ kind: 'paused', cause: 'by-hand', waitsFor: 'a person', foundAt: '' }),
      loop({ kind: 'cancelled' }),
    );
    expect(await ending).toEqual({ kind: 'paused', cause: 'by-hand', waitsFor: 'a person', foundAt: '' });
  });

  it('is the fault of the loop that throws, and the others are stopped', async () => {
    const stop = createStop(never);
    const fault = new Error('the disk');
    const others = new Promise<never>((_, reject) =>
      stop.signal.addEventListener('abort', () => reject(new Error('late'))),
    );
    expect(await whenStopped(stop, Promise.reject(fault), others)).toEqual({ kind: 'fault', error: fault });
  });

  it('is the interrupt, also one that came before', async () => {
    const interrupt = new AbortController();
    const stop = createStop(interrupt.signal);
    interrupt.abort();
    expect(await whenStopped(stop, Promise.resolve())).toEqual({ kind: 'interrupted' });
    expect(await whenStopped(createStop(interrupt.signal), Promise.resolve())).toEqual({
      kind: 'interrupted',
    });
  });
});
