import { describe, expect, it } from 'vitest';
import { createDeferredPhotos, createInFlightPhotos } from '../../src/conductor/in-flight-photos.ts';
import { makeJobs } from '../queue/photo-jobs.ts';

const none = new AbortController().signal;
/** Whether it is settled by now. */
const isDone = async (promise: Promise<unknown>) => {
  const waits = Symbol('waits');
  await new Promise(setImmediate);
  return (await Promise.race([promise, waits])) !== waits;
};

describe('the photos that are queued', () => {
  it('are a window of them, in which a sixteenth must be free before more are queued', async () => {
    const photos = createInFlightPhotos(32);
    expect(await photos.room(100, none)).toBe(32);
    expect(await photos.room(5, none)).toBe(5);
    const jobs = makeJobs(32);
    photos.add(jobs);
    expect([photos.size, [...photos.jobs()].length]).toEqual([32, 32]);
    const room = photos.room(100, none);
    const forOne = photos.room(1, none);
    photos.settle([1]);
    expect([await isDone(room), await forOne]).toEqual([false, 1]);
    photos.settle([1, 2]);
    expect(await room).toBe(2);
    expect(photos.size).toBe(30);
  });

  it('are more once the window is larger, also for who waits', async () => {
    const photos = createInFlightPhotos(1);
    photos.add(makeJobs(1));
    const waiting = photos.room(9, none);
    photos.setWindow(4);
    expect(await waiting).toBe(3);
  });

  it('are one at a time in the smallest window, and nobody waits after an abort', async () => {
    const photos = createInFlightPhotos(0);
    expect(await photos.room(9, none)).toBe(1);
    photos.add(makeJobs(1));
    const leaving = new AbortController();
    const waiting = photos.room(1, leaving.signal);
    leaving.abort(new Error('over'));
    await expect(waiting).rejects.toThrow();
    await expect(photos.room(1, leaving.signal)).rejects.toThrow('over');
  });
});

describe('photos that wait for an earlier one of their subject', () => {
  const lineAt = (seq: number) => ({ line: { seq } }) as never;

  it('are released with its line, in their order, once', () => {
    const deferred = createDeferredPhotos();
    deferred.defer(1, lineAt(2));
    deferred.defer(1, lineAt(3));
    deferred.defer(5, lineAt(6));
    expect(deferred.release([4, 1])).toEqual([lineAt(2), lineAt(3)]);
    expect(deferred.release([1])).toEqual([]);
    expect(deferred.release([5])).toEqual([lineAt(6)]);
  });

  it('are ten thousand at most before feeding waits', async () => {
    const deferred = createDeferredPhotos();
    for (let seq = 1; seq <= 10_000; seq += 1) deferred.defer(seq, lineAt(seq));
    await deferred.room(none);
    expect(deferred.isFull).toBe(false);
    deferred.defer(10_001, lineAt(10_001));
    expect(deferred.isFull).toBe(true);
    const room = deferred.room(none);
    deferred.release([20_000]);
    expect(await isDone(room)).toBe(false);
    const leaving = new AbortController();
    const left = deferred.room(leaving.signal);
    leaving.abort(new Error('over'));
    await expect(left).rejects.toThrow();
    deferred.release([10_001]);
    await room;
    expect(deferred.isFull).toBe(false);
  });
});
