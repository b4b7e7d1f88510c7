import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { FinishedJob, QueueBackend, WorkResult } from '../../src/queue/queue.ts';
import { processName } from '../../src/util/process-name.ts';
import { type QueueServer, startRedisQueue } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';
import { makeJob, makeJobs } from './photo-jobs.ts';

const ids = ['r-1-abc', 'r-2-abc', 'r-3-abc', 'r-4-abc'];
const [finished, inWork, delayed, waiting] = ids as [string, string, string, string];

interface Case {
  readonly lost: readonly string[];
  /** What is put back, what has to be added again, and whose work is begun once more. */
  readonly restored: number;
  readonly gone?: readonly string[];
  readonly again?: readonly string[];
}

/** Of a queue with one job of each kind. On PostgreSQL a job is one row: it cannot lose a part. */
const cases: readonly Case[] = [
  { lost: ['completed'], restored: 1 },
  { lost: ['active'], restored: 1 },
  { lost: ['delayed'], restored: 1 },
  { lost: ['prioritized'], restored: 1 },
  { lost: ['completed', 'active', 'delayed', 'prioritized'], restored: 4 },
  {
    lost: ['completed', 'active', 'delayed', 'prioritized', 'meta', 'marker', 'pc', 'id', 'events'],
    restored: 4,
  },
  { lost: ['meta', 'marker', 'pc', 'id', 'events', 'stalled', 'stalled-check'], restored: 0 },
  { lost: [finished], restored: 0, gone: [finished], again: [finished] },
  { lost: [inWork], restored: 0, gone: [inWork], again: [inWork] },
  { lost: [delayed], restored: 0, gone: [delayed], again: [delayed] },
  { lost: [waiting], restored: 0, gone: [waiting] },
  { lost: ['completed', finished], restored: 0, gone: [finished], again: [finished] },
  { lost: ['prioritized', waiting, 'marker'], restored: 0, gone: [waiting] },
  { lost: [...ids], restored: 0, gone: ids, again: [finished, inWork, delayed] },
];

let server: QueueServer;
let backend: QueueBackend;

beforeAll(async () => {
  server = await startRedisQueue();
  backend = await server.open();
});
afterAll(async () => {
  await backend.close();
  await server.close();
});

describe('a queue on Redis that lost a part', () => {
  it.concurrent.each(cases)(
    'is repaired: $lost',
    async ({ lost, restored, gone = [], again = [] }) => {
      const runId = `lost-${cases.findIndex((one) => one.lost === lost)}`;
      const scene = await openQueue(backend, runId);
      const { removed } = await server.loseSome(runId, (names) =>
        names.filter((name) => lost.includes(name)),
      );
      expect(removed.length).toBeGreaterThan(0);
      const repair = await scene.queue.repair(ids);
      expect({ ...repair, lost: [...repair.lost].sort() }).toEqual({ restored, lost: gone });
      await scene.queue.add(makeJobs(4).filter(({ id }) => gone.includes(id)));
      scene.openDoor();
      const outcomes = await until(
        async () => {
          const found = await scene.queue.finished(10);
          return found.length === 4 && found;
        },
        { what: `the end of all jobs but for ${lost}` },
      );
      expect(outcomes.map(({ id, state }) => `${id} ${state}`).sort()).toEqual(
        ids.map((id) => `${id} completed`),
      );
      // A retry keeps its tries; what was finished, or is in work, is not begun again unless its own content is lost.
      const begun = (id: string) => scene.begun.filter((one) => one === id).length;
      expect(ids.map(begun)).toEqual(
        ids.map((id) => (id === delayed ? 2 : 1) + (again.includes(id) ? 1 : 0)),
      );
    },
    60_000,
  );
});

it('a queue whose keys are broken is asked once a second and told of once, and goes on when they are mended', async () => {
  const server = await startRedisQueue();
  const backend = await server.open();
  const admin = new Redis(server.queue);
  onTestFinished(async () => {
    admin.disconnect();
    await backend.close();
    await server.close();
  });
  const queue = backend.openRunQueue('broken');
  await queue.add(makeJobs(3));
  const key = '{rollcall}:rollcall-run-broken:prioritized';
  await admin.rename(key, 'kept');
  await admin.set(key, 'no list');
  const told: string[] = [];
  const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1]);
  backend.openWorker({
    runId: 'broken',
    concurrency: 2,
    workerName: processName(),
    work: async () => ({ outcome: { status: 'enrolled' } }),
    onError: ({ message }) => void told.push(message),
  });
  await until(() => told.length > 0);
  const before = await commands();
  await delay(700);
  expect((await commands()) - before).toBeLessThan(50);
  expect(told).toEqual([expect.stringContaining('WRONGTYPE')]);
  await admin.rename('kept', key);
  await until(async () => (await queue.finished(10)).length === 3);
}, 60_000);

describe('a job of several photos that lost a part', () => {
  const cases = [
    { lost: 'its records', names: [':logs'], repair: { restored: 0, lost: [] }, again: [1, 2] },
    { lost: 'its place', names: ['active'], repair: { restored: 1, lost: [] }, again: [] },
    { lost: 'its content', names: ['x4'], repair: { restored: 0, lost: ids }, again: [1, 2, 3, 4] },
  ];
  it.concurrent.each(cases)('is repaired: $lost', async ({ lost, names, repair, again }) => {
    const runId = `chunk-${lost.replace(' ', '-')}`;
    const queue = backend.openRunQueue(runId);
    const begun: number[] = [];
    let openDoor = () => {};
    const door = new Promise<void>((resolve) => {
      openDoor = resolve;
    });
    await queue.add(makeJobs(4), 4);
    backend.openWorker({
      runId,
      concurrency: 4,
      workerName: processName(),
      async work({ data }) {
        begun.push(data.seq);
        if (data.seq > 2) await door;
        return { outcome: { status: 'enrolled' } };
      },
      onError: () => undefined,
    });
    await until(async () => (await queue.recorded()).length === 2);
    await server.loseSome(runId, (all) => all.filter((name) => names.some((end) => name.endsWith(end))));
    const repaired = await queue.repair(ids);
    expect(repaired).toEqual(repair);
    await queue.add(
      makeJobs(4).filter(({ id }) => repaired.lost.includes(id)),
      4,
    );
    openDoor();
    const outcomes = new Map<string, FinishedJob>();
    await until(async () => {
      for (const photo of await queue.finished(10)) {
        if (photo.state === 'left') await queue.add([makeJob(Number(photo.id.split('-')[1]))]);
        else outcomes.set(photo.id, photo);
        if (photo.state === 'left') expect(photo.data).toMatchObject({ tries: { storedUnknown: true } });
      }
      return outcomes.size === 4;
    });
    const isBegunAgain = (seq: number) => begun.filter((one) => one === seq).length > 1;
    expect([1, 2, 3, 4].filter(isBegunAgain)).toEqual(again);
  });
});

/** A queue with a job that is finished, one in work until the door opens, one whose retry is far off, and one that waits. */
async function openQueue(backend: QueueBackend, runId: string) {
  const queue = backend.openRunQueue(runId);
  const begun: string[] = [];
  let openDoor = () => {};
  const door = new Promise<void>((resolve) => {
    openDoor = resolve;
  });
  const work = async (id: string, calls: number): Promise<WorkResult> => {
    begun.push(id);
    if (id === inWork) await door;
    if (id === delayed && calls === 0)
      return {
        again: {
          delayInMs: 2_000,
          data: makeJob(3, { tries: { attempts: 1, calls: 1, reads: 0, storedUnknown: false } }).data,
        },
      };
    return { outcome: { status: 'enrolled' } };
  };
  await queue.add(makeJobs(3));
  backend.openWorker({
    runId,
    concurrency: 2,
    workerName: processName(),
    work: async ({ id, data }) => work(id, data.tries.calls),
    onError: () => undefined,
  });
  await until(async () => {
    const counts = await queue.counts();
    return counts.finished === 1 && counts.active === 1 && counts.delayed === 1;
  });
  // Nobody takes the fourth until the door is open.
  await queue.pause();
  await queue.add(makeJobs(1, 4));
  return {
    queue,
    begun,
    openDoor() {
      void queue.resume();
      openDoor();
    },
  };
}
