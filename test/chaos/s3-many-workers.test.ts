import sharp from 'sharp';
import { expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/template-id.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import { readReport } from '../../src/report/read-report.ts';
import { readSummary } from '../../src/run/finish.ts';
import { type RunRecord, readRunRecord, runFolderOf } from '../../src/run/run-record.ts';
import { createS3StateStore } from '../../src/state/s3/s3-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { startS3Server } from '../helpers/s3-server.ts';
import { until } from '../helpers/until.ts';
import { subjectOf } from './photo-folder.ts';
import { measurePaceAgain, provePace } from './prove-pace.ts';
import type { RollcallProcess } from './rollcall-process.ts';
import { openScene, type Scene } from './scene.ts';

const photos = Number(process.env.CHAOS_PHOTOS ?? (process.env.CHAOS_LONG ? 5_000 : 2_000));
const rate = 250;
const concurrency = 8;
const runId = 'chaos';
const limit = { timeout: 420_000, retry: measurePaceAgain };

it(
  'archive and state on S3, four workers, and one after the other dies: the conductor, a worker, Redis',
  limit,
  async () => {
    const server = await startS3Server();
    const scene = await openScene({ store: 'redis', photos: 0 });
    const queue = await openQueue({ queue: scene.store.queue, onError: () => {} });
    try {
      await Promise.all(['archive', 'state'].map((bucket) => server.createBucket(bucket)));
      await server.put('archive', await photoObjects());
      const state = createS3StateStore({
        client: async () => server.client,
        address: { bucket: 'state', key: 'rollcall' },
      });
      const environment = {
        ...server.environment,
        ROLLCALL_STATE: 's3://state/rollcall',
        ROLLCALL_RATE: `${rate}`,
        ROLLCALL_CONCURRENCY: `${concurrency}`,
      };
      const start = (...args: string[]) => scene.start(args, { environment });
      const startedAt = performance.now();
      const enqueued = start('enqueue', 's3://archive/staff/', '--run-id', runId);
      expect(await enqueued.ended, enqueued.output.stderr).toBe(0);
      let workers = Array.from({ length: 4 }, () => start('worker'));
      const conductor = async () => {
        const holder = await queue.leases.holder(`run-${runId}`);
        return workers.find(({ pid, isRunning }) => isRunning && holder?.split(':')[1] === `${pid}`) ?? false;
      };
      const dies = async (worker: RollcallProcess) => {
        await worker.kill();
        workers = workers.filter((other) => other !== worker);
      };

      await calls(scene, 0.15);
      const first = await until(conductor, { what: 'a conductor' });
      const before = await recordOf(state);
      await dies(first);
      const diedAt = Date.now();
      const losses = [await lookBack(scene, state)];
      const after = await until(
        async () => {
          const record = await recordOf(state);
          return record.epoch > before.epoch && record;
        },
        { what: 'another conductor', limitInMs: 60_000 },
      );
      const takeOverInMs = Date.parse(after.updatedAt) - diedAt;
      expect(takeOverInMs).toBeLessThan(30_000);

      await calls(scene, 0.4);
      const second = await until(conductor, { what: 'a conductor' });
      await dies(workers.find((worker) => worker !== second) ?? second);
      losses.push(await lookBack(scene, state));

      await calls(scene, 0.65);
      await scene.store.kill();
      losses.push(await lookBack(scene, state));
      await scene.store.start();

      const end = await until(async () => (await recordOf(state)).state === 'finished', {
        what: 'the end of the run',
        limitInMs: 240_000,
      }).catch((error: Error) => error);
      expect(end, workers.map(({ output }) => output.stderr).join('\n')).toBe(true);
      const seconds = (performance.now() - startedAt) / 1000;
      for (const worker of workers) worker.signal('SIGTERM');
      for (const worker of workers) expect(await worker.ended, worker.output.stderr).toBe(143);

      const made = await scene.engine.control.calls();
      const repeated = repeatedOf(made.map(({ templateId }) => templateId));
      const uncollected = new Set(losses.flatMap((loss) => [...loss]));
      if (process.env.CHAOS_FIGURES)
        console.log(
          JSON.stringify({
            photos,
            repeated: made.length - photos,
            takeOverInMs,
            seconds: Math.round(seconds),
          }),
        );
      await proveReport(state);
      expect(repeated.filter((id) => !uncollected.has(id))).toEqual([]);
      // Two killed workers, and two that were at work when Redis died.
      expect(made.length - photos).toBeLessThanOrEqual(4 * concurrency);
      provePace(made, rate);
    } finally {
      await queue.close();
      await scene.close();
      await server.close();
    }
  },
);

/** One subject a photo; the bodies are all the same. */
async function photoObjects(): Promise<(readonly [string, Buffer])[]> {
  const grey = { r: 128, g: 128, b: 128 };
  const photo = await sharp({ create: { width: 64, height: 64, channels: 3, background: grey } })
    .jpeg()
    .toBuffer();
  const body = tagPhoto(photo, 'ok');
  return Array.from({ length: photos }, (_, index) => [`staff/${subjectOf(index + 1)}.jpg`, body] as const);
}

/** Waits until this share of the photos has been called. */
async function calls({ engine }: Scene, share: number): Promise<void> {
  await until(async () => (await engine.control.callCount()) > share * photos, {
    what: `calls for ${share} of the photos`,
    limitInMs: 120_000,
  });
}

async function recordOf(state: StateStore): Promise<RunRecord> {
  const record = await readRunRecord(state, runId);
  if (!record) throw new Error('the run has no record');
  return record;
}

/** Templates that had been called and whose photos had no line, right after something died. */
async function lookBack({ engine }: Scene, state: StateStore): Promise<ReadonlySet<string>> {
  const called = (await engine.control.calls()).map(({ templateId }) => templateId ?? '');
  const settled = new Set<string>();
  for await (const { templateId } of readReport(state, runFolderOf(runId))) settled.add(templateId ?? '');
  return new Set(called.filter((id) => !settled.has(id)));
}

/** Templates that were called more than once. */
function repeatedOf(called: readonly (string | undefined)[]): string[] {
  const counts = new Map<string, number>();
  for (const id of called) if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}

/** One line a photo, in order, all of them enrolled under the id that follows from the subject. */
async function proveReport(state: StateStore): Promise<void> {
  const found = [];
  for await (const { seq, subjectId, status, templateId } of readReport(state, runFolderOf(runId)))
    found.push({ seq, subjectId, status, templateId });
  expect(found).toEqual(
    Array.from({ length: photos }, (_, index) => ({
      seq: index + 1,
      subjectId: subjectOf(index + 1),
      status: 'enrolled',
      templateId: templateIdOf({ engine: 'ooto', subjectId: subjectOf(index + 1) }),
    })),
  );
  expect(await readSummary(state, runId)).toMatchObject({ total: photos, notEnrolled: 0 });
  expect(await state.list(`${runFolderOf(runId)}/parts`)).toEqual([]);
}
