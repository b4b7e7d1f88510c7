import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OpenWorkerOptions, PhotoJob, QueueBackend } from '../../src/queue/queue.ts';
import { isDeadProcess, processName } from '../../src/util/process-name.ts';
import { type CompiledSource, compileSource } from '../helpers/compiled-source.ts';
import type { QueueServer } from '../helpers/queue-servers.ts';
import { runChild } from '../helpers/run-child.ts';
import { until } from '../helpers/until.ts';
import { makeJob, makeJobs } from './photo-jobs.ts';

/** A lock expires after 30 s. What has happened by now did not wait for that. */
const soonerThanLocksInMs = 25_000;

/** What every backend's workers must do when things go wrong. */
export function describeWorker(start: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let compiled: CompiledSource;
  let backend: QueueBackend;
  let runId: string;

  beforeAll(async () => {
    [server, compiled] = await Promise.all([start(), compileSource()]);
  });
  beforeEach(async () => {
    backend = await server.open();
    runId = randomUUID();
  });
  afterEach(async () => {
    await backend.close();
    await until(async () => (await server.connections()) === 0, { what: 'the end of all connections' });
  });
  afterAll(async () => {
    await server.close();
  });

  const openWorker = (work: OpenWorkerOptions['work'], concurrency = 4) =>
    backend.openWorker({
      runId,
      concurrency,
      workerName: processName(),
      work,
      onError: (error) => void server.errors.push(error),
    });

  describe('a worker', () => {
    it('finishes what it runs when it is stopped, and starts nothing new', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(10));
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let started = 0;
      const worker = openWorker(async ({ data }) => {
        started += 1;
        await released;
        return { outcome: { seq: data.seq } };
      });
      await until(() => started === 4);
      const stopped = worker.stop({ deadlineInMs: 10_000 });
      expect(worker.stop({ deadlineInMs: 0 })).toBeInstanceOf(Promise);
      release();
      await stopped;
      expect(await queue.counts()).toEqual({ waiting: 6, active: 0, delayed: 0, finished: 4 });
      expect(started).toBe(4);
    });

    it('has as many photos at work as it is told while it works', async () => {
      const queue = backend.openRunQueue(runId);
      const doors: (() => void)[] = [];
      const worker = openWorker(async ({ data }) => {
        await new Promise<void>((resolve) => doors.push(resolve));
        return { outcome: { seq: data.seq } };
      }, 1);
      await queue.add(makeJobs(8));
      await until(() => doors.length === 1);
      worker.setConcurrency(3);
      await until(() => doors.length === 3);
      worker.setConcurrency(1);
      for (const open of doors.splice(0)) open();
      await until(() => doors.length === 1);
      await until(async () => (await queue.counts()).finished === 3);
      expect((await queue.counts()).active).toBe(1);
      const stopped = worker.stop({ deadlineInMs: 10_000 });
      for (const open of doors.splice(0)) open();
      await stopped;
    });

    it('aborts at the deadline and gives those jobs back unharmed', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(6));
      const aborted: number[] = [];
      let begun = 0;
      const worker = openWorker(
        ({ data }, signal) =>
          new Promise((_, reject) => {
            begun += 1;
            signal.addEventListener('abort', () => {
              aborted.push(data.seq);
              reject(new Error('aborted'));
            });
          }),
      );
      await until(() => begun === 4);
      await worker.stop({ deadlineInMs: 50 });
      expect(aborted.sort()).toEqual([1, 2, 3, 4]);
      expect(await queue.counts()).toEqual({ waiting: 6, active: 0, delayed: 0, finished: 0 });
      const second = openWorker(async ({ data }) => ({ outcome: { seq: data.seq } }));
      await until(async () => (await queue.counts()).finished === 6);
      expect((await queue.finished(10)).every((job) => job.state === 'completed')).toBe(true);
      await second.stop({ deadlineInMs: 1_000 });
    });

    it('comes to an end even if the work ignores its signal', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(1));
      let hasBegun = false;
      const worker = openWorker(() => {
        hasBegun = true;
        return new Promise(() => undefined);
      });
      await until(() => hasBegun);
      const before = Date.now();
      await worker.stop({ deadlineInMs: 10 });
      expect(Date.now() - before).toBeLessThan(soonerThanLocksInMs);
    });

    it('takes over the jobs of a process that was killed, at once', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(8));
      const child = runChild(compiled.pathOf('test/queue/worker-child.ts'), [
        server.queue,
        server.stateFolder,
        runId,
      ]);
      const childName = await child.line();
      expect(isDeadProcess(childName)).toBe(false);
      expect(await queue.adoptFrom(isDeadProcess)).toBe(0);
      await child.kill();
      expect(isDeadProcess(childName)).toBe(true);
      const before = Date.now();
      expect(await queue.adoptFrom(isDeadProcess)).toBe(4);
      const order: number[] = [];
      let doubtful = 0;
      openWorker(async ({ data }) => {
        order.push(data.seq);
        if (data.tries.storedUnknown) doubtful += 1;
        return { outcome: { seq: data.seq } };
      });
      await until(async () => (await queue.counts()).finished === 8);
      expect(Date.now() - before).toBeLessThan(soonerThanLocksInMs);
      // The four that the killed process had begun: nobody knows whether a call was made.
      expect(doubtful).toBe(4);
      expect(order.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it('leaves what it has not begun of photos that share a job when it is stopped', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(8), 8);
      let [begun, aborted] = [0, 0];
      const worker = openWorker(async ({ data }, signal) => {
        begun += 1;
        if (data.seq === 1) return { outcome: { seq: 1 } };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        aborted += 1;
        return { again: { delayInMs: 0, data: { ...data, tries: { ...data.tries, calls: 1 } } } };
      });
      await until(() => begun === 5);
      await worker.stop({ deadlineInMs: 50 });
      expect([begun, aborted]).toEqual([5, 4]);
      const photos = await queue.finished(10);
      expect(photos.map(({ state, data }) => [state, (data as PhotoJob['data']).tries])).toEqual(
        makeJobs(8).map(({ data }, index) => {
          const calls = index > 0 && index < 5 ? 1 : 0;
          return [index === 0 ? 'completed' : 'left', { ...data.tries, calls }];
        }),
      );
    });

    it('ends a job of several photos whose worker was killed: what is recorded counts, the rest is left', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(8), 8);
      const child = runChild(compiled.pathOf('test/queue/worker-child.ts'), [
        ...[server.queue, server.stateFolder, runId],
        '2',
      ]);
      await child.line();
      await child.kill();
      expect(await queue.adoptFrom(isDeadProcess)).toBe(1);
      openWorker(async () => {
        throw new Error('no photo of it is begun again');
      });
      const photos = await until(async () => {
        const found = await queue.finished(10);
        return found.length === 8 && found;
      });
      expect(
        photos.map(({ state, data }) => [state, (data as PhotoJob['data']).tries.storedUnknown]),
      ).toEqual(makeJobs(8).map((_, index) => (index < 2 ? ['completed', false] : ['left', true])));
    });

    it('aborts a job whose lock was lost, and leaves it to whom it belongs now', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(1));
      let reason: unknown;
      openWorker(
        (_job, signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reason = signal.reason;
              reject(new Error('aborted'));
            });
          }),
        1,
      );
      await until(async () => (await queue.counts()).active === 1);
      await server.breakLocks(runId);
      // Locks are renewed at half their time.
      await until(() => reason !== undefined, { what: 'the abort' });
      expect(reason).toContain('lock');
      const { finished } = await queue.counts();
      expect(finished).toBe(0);
    });

    it('is woken by a new job while it waits', async () => {
      const queue = backend.openRunQueue(runId);
      openWorker(async ({ data }) => ({ outcome: { seq: data.seq } }));
      await queue.add([makeJob(1)]);
      await until(async () => (await queue.counts()).finished === 1);
      const before = Date.now();
      await queue.add([makeJob(2)]);
      await until(async () => (await queue.counts()).finished === 2);
      // Unwoken, it looks again after five seconds.
      expect(Date.now() - before).toBeLessThan(4_000);
    });

    it('loses nothing when the server is killed in mid-work, and fails nothing', async () => {
      const queue = backend.openRunQueue(runId);
      const count = 600;
      await queue.add(makeJobs(count));
      const calls = new Map<number, number>();
      const worker = openWorker(async ({ data }, signal) => {
        calls.set(data.seq, (calls.get(data.seq) ?? 0) + 1);
        if (data.seq % 10 === 0 && data.tries.calls === 0) {
          const tries = { ...data.tries, calls: 1 };
          return { again: { delayInMs: 20, data: { ...data, tries } } };
        }
        signal.throwIfAborted();
        return { outcome: { seq: data.seq } };
      }, 16);
      for (const share of [0.1, 0.3, 0.6]) {
        await until(async () => (await queue.counts()).finished > count * share);
        await server.crash();
      }
      await until(async () => (await queue.counts()).finished === count);
      const finished = await queue.finished(count + 10);
      expect(finished.filter((job) => job.state === 'failed')).toEqual([]);
      expect(new Set(finished.map((job) => job.id)).size).toBe(count);
      const total = [...calls.values()].reduce((sum, made) => sum + made, 0);
      // A tenth is called twice on purpose; each crash may repeat what was in flight.
      expect(total - count - count / 10).toBeLessThanOrEqual(3 * 16);
      await worker.stop({ deadlineInMs: 1_000 });
      // A job whose start was lost with the reply is run again when its lock expires, after 30 s.
    });
  });
}
