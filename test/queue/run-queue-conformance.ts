import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FinishedJob, QueueBackend, WorkResult } from '../../src/queue/queue.ts';
import { processName } from '../../src/util/process-name.ts';
import type { QueueServer } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';
import { makeJob, makeJobs } from './photo-jobs.ts';

/** What every backend's queue and worker must do. */
export function describeRunQueue(start: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let backend: QueueBackend;
  let runId: string;

  beforeAll(async () => {
    server = await start();
  });
  beforeEach(async () => {
    backend = await server.open();
    runId = randomUUID();
  });
  afterEach(async () => {
    await backend.close();
    await until(async () => (await server.connections()) === 0, { what: 'the end of all connections' });
  });
  afterAll(() => server.close());

  const work = (
    task: (seq: number, signal: AbortSignal, tries: number) => WorkResult | Promise<WorkResult>,
    concurrency = 1,
  ) =>
    backend.openWorker({
      runId,
      concurrency,
      workerName: processName(),
      work: async ({ data }, signal) => task(data.seq, signal, data.tries.calls),
      onError: (error) => void server.errors.push(error),
    });
  const finish = (seq: number): WorkResult => ({ outcome: { seq, status: 'enrolled' } });
  const finishedOf = async (queue: { finished(limit: number): Promise<FinishedJob[]> }, count: number) =>
    until(async () => {
      const found = await queue.finished(count + 10);
      return found.length >= count ? found : undefined;
    });

  describe('the queue of a run', () => {
    it('runs jobs in the order in which they were added, over batches', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(1_050));
      await queue.add(makeJobs(50, 1_051));
      const order: number[] = [];
      work((seq) => {
        order.push(seq);
        return finish(seq);
      });
      await until(() => order.length === 1_100);
      expect(order).toEqual(makeJobs(1_100).map((job) => job.data.seq));
    });

    it('leaves a job as it is when its id is added again, waiting or finished', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add([makeJob(1)]);
      await queue.add([makeJob(1, { subjectId: 'another' })]);
      expect(await queue.counts()).toEqual({ waiting: 1, active: 0, delayed: 0, finished: 0 });
      const subjects: string[] = [];
      backend.openWorker({
        runId,
        concurrency: 1,
        workerName: processName(),
        work: async ({ data }) => {
          subjects.push(data.subjectId);
          return { outcome: { n: 1 } };
        },
        onError: () => undefined,
      });
      await finishedOf(queue, 1);
      await queue.add([makeJob(1, { subjectId: 'another' })]);
      const [finished] = await queue.finished(10);
      expect(finished).toMatchObject({ id: 'r-1-abc', state: 'completed', returnValue: { n: 1 } });
      expect(finished?.data).toMatchObject({ subjectId: 'emp-1' });
      expect(subjects).toEqual(['emp-1']);
    });

    it('hands out finished jobs oldest first, until they are removed', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(5));
      work(async (seq) => {
        // What finished within one millisecond has no order.
        const begunAt = Date.now();
        await until(() => Date.now() > begunAt);
        if (seq === 3) throw new Error('an internal error');
        return finish(seq);
      });
      const all = await finishedOf(queue, 5);
      expect(all.map((job) => job.id)).toEqual(makeJobs(5).map((job) => job.id));
      expect(all.map((job) => job.state)).toEqual([
        'completed',
        'completed',
        'failed',
        'completed',
        'completed',
      ]);
      expect(all[2]).toMatchObject({ failedReason: 'an internal error', returnValue: null });
      expect(all[0]).not.toHaveProperty('failedReason');
      expect((await queue.finished(2)).map((job) => job.id)).toEqual(['r-1-abc', 'r-2-abc']);
      await queue.remove(['r-1-abc', 'r-3-abc', 'r-99-abc']);
      await queue.remove(['r-1-abc']);
      expect((await queue.finished(9)).map((job) => job.id)).toEqual(['r-2-abc', 'r-4-abc', 'r-5-abc']);
      expect(await queue.ids()).toEqual(new Set(['r-2-abc', 'r-4-abc', 'r-5-abc']));
      await queue.add([makeJob(1)]);
      expect((await finishedOf(queue, 4)).map((job) => job.id)).toContain('r-1-abc');
    });

    it('finds jobs with what they carry, and says which a worker has', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(3));
      const tries = { attempts: 1, calls: 2, reads: 0, storedUnknown: true };
      let open = () => {};
      const door = new Promise<void>((resolve) => {
        open = resolve;
      });
      work(async (seq) => {
        if (seq === 1) return { again: { delayInMs: 600_000, data: makeJob(1, { tries }).data } };
        if (seq === 2) await door;
        return finish(seq);
      });
      await until(async () => (await queue.counts()).delayed === 1 && (await queue.counts()).active === 1);
      const found = await queue.find(['r-1-abc', 'r-2-abc', 'r-3-abc', 'r-99-abc']);
      expect([...found.keys()].sort()).toEqual(['r-1-abc', 'r-2-abc', 'r-3-abc']);
      expect(found.get('r-1-abc')).toMatchObject({ data: { seq: 1, tries }, isActive: false });
      expect(found.get('r-2-abc')).toMatchObject({ data: { seq: 2 }, isActive: true });
      expect(found.get('r-3-abc')).toMatchObject({ data: { seq: 3 }, isActive: false });
      open();
      await finishedOf(queue, 2);
    });

    it('does not remove jobs that are not finished', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(2));
      await queue.remove(['r-1-abc', 'r-2-abc']);
      expect(await queue.counts()).toMatchObject({ waiting: 2 });
    });

    it('runs a retry that is due ahead of photos not yet started, with its new data', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(30));
      const order: string[] = [];
      let release = () => {};
      const retryIsDue = new Promise<void>((resolve) => {
        release = resolve;
      });
      work(async (seq, _signal, calls) => {
        order.push(`${seq}/${calls}`);
        if (seq <= 2 && calls < 2) {
          const data = makeJob(seq, {
            tries: { attempts: 1, calls: calls + 1, reads: 0, storedUnknown: true },
          }).data;
          return { again: { delayInMs: 99.5, data } };
        }
        // Photo 3 takes until what the first two wait for is due.
        if (seq === 3) await retryIsDue;
        return finish(seq);
      });
      await until(async () => order.includes('3/0') && (await queue.counts()).delayed === 2);
      setTimeout(release, 250);
      await finishedOf(queue, 30);
      // On a busy machine a retry may be due before photo 3 is begun; then it is the next one that waits meanwhile.
      const third = order.indexOf('3/0');
      const next = order.slice(third + 1, third + 3).map((name) => Number(name.split('/')[0]));
      expect(next.sort()).toEqual([1, 2]);
      expect(order.filter((name) => name.endsWith('/0'))).toEqual(
        makeJobs(30).map(({ data }) => `${data.seq}/0`),
      );
      expect(order).toHaveLength(34);
      const [failed] = (await queue.finished(99)).filter((job) => job.state === 'failed');
      expect(failed).toBeUndefined();
    });

    it('gives a job back to the head of the line', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(4));
      const order: number[] = [];
      work((seq) => {
        order.push(seq);
        return seq === 1 && order.length === 1 ? { giveBack: true } : finish(seq);
      });
      const all = await finishedOf(queue, 4);
      expect(order).toEqual([1, 1, 2, 3, 4]);
      expect(all.every((job) => job.state === 'completed')).toBe(true);
    });

    it('starts nothing while it is paused, and counts those jobs as waiting', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.pause();
      await queue.add(makeJobs(3));
      const started: number[] = [];
      const worker = work((seq) => {
        started.push(seq);
        return finish(seq);
      });
      // A second worker on another queue proves that time enough has passed for a job to be started.
      const pausedRun = runId;
      runId = randomUUID();
      const other = backend.openRunQueue(runId);
      await other.add([makeJob(77)]);
      work((seq) => finish(seq));
      await finishedOf(other, 1);
      expect(started).toEqual([]);
      expect(await queue.counts()).toEqual({ waiting: 3, active: 0, delayed: 0, finished: 0 });
      await queue.resume();
      await finishedOf(queue, 3);
      expect(started).toEqual([1, 2, 3]);
      await worker.stop({ deadlineInMs: 1_000 });
      runId = pausedRun;
    });

    it('leaves nothing behind when it is obliterated, nor when it is only looked at', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.counts();
      await queue.ids();
      await queue.finished(10);
      expect(await queue.adoptFrom(() => true)).toBe(0);
      expect(await server.remains(runId)).toEqual([]);
      await queue.add(makeJobs(1_500));
      const worker = work((seq) => (seq > 10 ? new Promise(() => undefined) : finish(seq)), 4);
      await finishedOf(queue, 10);
      expect(await server.remains(runId)).not.toEqual([]);
      await queue.obliterate();
      await worker.stop({ deadlineInMs: 0 });
      expect(await server.remains(runId)).toEqual([]);
    });

    it('works on photos that share jobs: in order, and each is counted, found and removed', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(7), 3);
      await queue.add([makeJob(8)], 3);
      expect(await queue.counts()).toEqual({ waiting: 8, active: 0, delayed: 0, finished: 0 });
      const ids = makeJobs(8).map((job) => job.id);
      expect([...(await queue.ids())].sort()).toEqual(ids);
      expect((await queue.find(['r-5-abc', 'r-99-abc'])).get('r-5-abc')).toMatchObject({
        data: { seq: 5 },
        isActive: false,
      });
      const order: number[] = [];
      work((seq) => {
        order.push(seq);
        if (seq === 4) throw new Error('an internal error');
        return finish(seq);
      });
      const all = await finishedOf(queue, 8);
      expect(order).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(all.map((photo) => photo.id)).toEqual(ids);
      expect(all.map((photo) => photo.state)).toEqual(
        order.map((seq) => (seq === 4 ? 'failed' : 'completed')),
      );
      expect(all[3]).toMatchObject({ failedReason: 'an internal error', data: { seq: 4 } });
      expect(all[6]).toMatchObject({ returnValue: { seq: 7, status: 'enrolled' }, data: { seq: 7 } });
      expect(await queue.counts()).toMatchObject({ finished: 8 });
      await queue.remove([...new Set(all.map((photo) => photo.jobId))]);
      expect(await queue.ids()).toEqual(new Set());
    });

    it('leaves a photo where it is, alone or with others, when it is added again by whoever', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add([makeJob(2)]);
      await queue.add(makeJobs(3), 3);
      const other = backend.openRunQueue(runId);
      for (const again of [queue, other]) {
        await again.add(makeJobs(3));
        await again.add(makeJobs(3), 2);
        expect(await again.counts()).toMatchObject({ waiting: 3 });
      }
      expect(await other.repair(makeJobs(4).map((job) => job.id))).toEqual({
        restored: 0,
        lost: ['r-4-abc'],
      });
    });

    it('shows outcomes before the job that they share is finished, and fetches more meanwhile', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(9), 3);
      let open = () => {};
      const door = new Promise<void>((resolve) => {
        open = resolve;
      });
      let [atWork, most] = [0, 0];
      work(async (seq) => {
        atWork += 1;
        most = Math.max(most, atWork);
        if (seq === 2) await door;
        atWork -= 1;
        return finish(seq);
      }, 2);
      const early = await until(async () => {
        const recorded = await queue.recorded();
        return recorded.length === 2 && (await queue.counts()).finished === 6 && recorded;
      });
      expect(early.map(({ id, returnValue }) => [id, returnValue])).toEqual([
        ['r-1-abc', { seq: 1, status: 'enrolled' }],
        ['r-3-abc', { seq: 3, status: 'enrolled' }],
      ]);
      expect((await queue.find(['r-2-abc'])).get('r-2-abc')).toMatchObject({ isActive: true });
      expect((await queue.find(['r-3-abc'])).get('r-3-abc')).toMatchObject({ isActive: false });
      expect(most).toBe(2);
      open();
      await finishedOf(queue, 9);
      expect(await queue.recorded()).toEqual([]);
    });

    it('fetches no more photos than are worked on at once, but for the rest of a job', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(12), 3);
      const begun: number[] = [];
      work((seq) => {
        begun.push(seq);
        return new Promise(() => undefined);
      }, 4);
      await until(() => begun.length === 4);
      expect(await queue.counts()).toMatchObject({ waiting: 6, active: 6 });
    });

    it('lets a photo that is to be tried again go on as a job of its own', async () => {
      const queue = backend.openRunQueue(runId);
      await queue.add(makeJobs(3), 3);
      work((seq, _signal, calls) => {
        if (seq !== 2 || calls > 0) return finish(seq);
        const tries = { attempts: 1, calls: 1, reads: 0, storedUnknown: true };
        return { again: { delayInMs: 20.5, data: makeJob(2, { tries }).data } };
      });
      const photos = await finishedOf(queue, 3);
      const left = photos[1];
      expect(left).toMatchObject({ id: 'r-2-abc', state: 'left', data: { tries: { calls: 1 } } });
      await queue.add([{ ...makeJob(2, left?.data as object), ...(left?.retry && { retry: left.retry }) }]);
      await queue.remove([left?.jobId ?? '']);
      const [retried] = await finishedOf(queue, 1);
      expect(retried).toMatchObject({ id: 'r-2-abc', jobId: 'r-2-abc', state: 'completed' });
    });

    it('takes text that not every store can hold', async () => {
      const queue = backend.openRunQueue(runId);
      const ugly = 'a\0b\ud800c';
      await queue.add([makeJob(1, { photo: ugly, metadata: { [ugly]: ugly } }), makeJob(2), makeJob(3)]);
      work((seq, _signal, calls) => {
        if (seq === 2) throw new Error(ugly);
        if (seq === 3 && calls === 0) {
          const tries = { attempts: 0, calls: 1, reads: 0, storedUnknown: false };
          return { again: { delayInMs: 0, data: makeJob(3, { photo: ugly, tries }).data } };
        }
        return { outcome: { seq, message: ugly, list: [ugly], fine: '👍 \\u0000' } };
      });
      const all = await finishedOf(queue, 3);
      const of = (seq: number) => all.find((job) => job.id === makeJob(seq).id);
      const clean = 'a\uFFFDb\uFFFDc';
      expect(of(1)?.data).toMatchObject({ photo: clean, metadata: { [clean]: clean } });
      expect(of(1)?.returnValue).toEqual({ seq: 1, message: clean, list: [clean], fine: '👍 \\u0000' });
      expect(of(2)).toMatchObject({ state: 'failed', failedReason: clean });
      expect(of(3)?.data).toMatchObject({ photo: clean, tries: { calls: 1 } });
    });
  });
}
