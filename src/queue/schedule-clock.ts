import { type AdvancedRepeatOptions, type Job, Worker } from 'bullmq';
import { withinTime } from '../util/time-limit.ts';
import { type BullmqQueue, beginQueue, openBullmqQueue } from './bullmq-queues.ts';
import { keyPrefix, maxStalledCount, scheduleQueueName, workerTimes } from './bullmq-settings.ts';
import type { BullmqContext } from './bullmq-store.ts';
import { isConnectionFault } from './connection-fault.ts';
import type { ClockEntry, NextTick, ScheduleClock, TickWorker, WorkTicksOptions } from './queue.ts';
import { restAfterFaults } from './rest-after-faults.ts';

/** Nothing is kept of a tick: what came of it is written in the state. */
const forgotten = { removeOnComplete: true, removeOnFail: true };
/** How long closing a connection may take. */
const graceInMs = 2_000;
const inTime = (closing: Promise<void>) =>
  withinTime(closing, { limitInMs: graceInMs, whenLate: () => undefined });

/**
 * BullMQ's job schedulers, in a queue of their own for each state. BullMQ makes the next tick's job when a tick starts,
 * from the time as it is then: of the ticks that were due while no worker ran, one is left. When that is, `nextTick` says:
 * BullMQ's own reading of cron loses a night where the clock is changed at midnight.
 */
export function openScheduleClock(
  context: BullmqContext,
  { clockId, nextTick }: { clockId: string; nextTick: NextTick },
): ScheduleClock {
  const name = scheduleQueueName(clockId);
  const settings: AdvancedRepeatOptions = {
    repeatStrategy: (after, { pattern = '', tz = 'UTC' }) => nextTick({ cron: pattern, tz }, after),
  };
  const queue = openBullmqQueue(context, { name, settings });

  async function describe(scheduler: Scheduler): Promise<ClockEntry> {
    const { key, pattern = '', tz = 'UTC', next, template } = scheduler;
    const job = next === undefined ? undefined : await queue.getJob(`repeat:${key}:${next}`);
    const version = (template?.data as { version?: string } | undefined)?.version ?? '';
    return { name: key, cron: pattern, tz, version, ticks: job !== undefined };
  }

  return {
    async list() {
      const schedulers = await queue.getJobSchedulers(0, -1, true);
      return Promise.all(schedulers.map(describe));
    },
    async put({ name: id, cron, tz, version }) {
      await beginQueue(queue);
      await queue.upsertJobScheduler(
        id,
        { pattern: cron, tz },
        { name: 'tick', data: { schedule: id, version }, opts: forgotten },
      );
    },
    async remove(id) {
      await queue.removeJobScheduler(id);
    },
    work: (work) => openTickWorker(context, { name, work, settings }),
    close: context.closers.add(() => queue.close()),
  };
}

type Scheduler = Awaited<ReturnType<BullmqQueue['getJobSchedulers']>>[number];

function openTickWorker(
  { store, closers }: BullmqContext,
  { name, work, settings }: { name: string; work: WorkTicksOptions; settings: AdvancedRepeatOptions },
): TickWorker {
  const leaveRoom = store.makeRoomForWorker();
  let running: Promise<unknown> = Promise.resolve();
  const worker = new Worker(
    name,
    (job) => {
      running = work.onTick(tickOf(job));
      return running;
    },
    {
      connection: store.connection,
      prefix: keyPrefix,
      name: work.workerName,
      concurrency: 1,
      maxStalledCount,
      settings,
      ...workerTimes,
    },
    store.backendFactory,
  );
  const endRest = restAfterFaults(worker, { isExpected: isConnectionFault, onError: work.onError });
  // What came of a tick is reported by `onTick`; a job that failed is not kept.
  worker.on('failed', (_job, error) => work.onError(error));

  async function stop(): Promise<void> {
    endRest();
    await inTime(worker.pause(true));
    await running.catch(() => undefined);
    await inTime(worker.close());
    leaveRoom();
  }

  let stopping: Promise<void> | undefined;
  return {
    stop: closers.add(() => {
      stopping ??= stop();
      return stopping;
    }),
  };
}

/** BullMQ names the job of a tick `repeat:<schedule>:<time>`. */
function tickOf(job: Job): { name: string; tick: number } {
  const { schedule } = job.data as { schedule: string };
  return { name: schedule, tick: Number(job.id?.split(':').at(-1)) };
}
