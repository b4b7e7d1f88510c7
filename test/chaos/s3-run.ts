import sharp from 'sharp';
import { expect } from 'vitest';
import { readSummary } from '../../src/conductor/finish-run.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import { readReport } from '../../src/records/report/read-report.ts';
import { type RunRecord, readRunRecord, runFolderOf } from '../../src/records/run-record.ts';
import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { startS3Server } from '../helpers/s3-server.ts';
import { until } from '../helpers/until.ts';
import { subjectOf } from './photo-folder.ts';
import type { RollcallProcess } from './rollcall-process.ts';
import { openScene } from './scene.ts';

const runId = 'chaos';

/** A run whose archive and state are on S3, whose queue is on Redis, and whose workers are processes. */
export type S3Run = Awaited<ReturnType<typeof startS3Run>>;

export async function startS3Run(options: {
  photos: number;
  workers: number;
  rate: number;
  concurrency: number;
}) {
  const { photos } = options;
  const server = await startS3Server();
  const scene = await openScene({ store: 'redis', photos: 0 });
  const queue = await openQueue({ queue: scene.store.queue, onError: () => {} });
  const close = async () => {
    await queue.close();
    await scene.close();
    await server.close();
  };
  const { control } = scene.engine;
  const state = createS3StateStore({
    client: async () => server.client,
    address: { bucket: 'state', key: 'rollcall' },
  });
  const environment = {
    ...server.environment,
    ROLLCALL_STATE: 's3://state/rollcall',
    ROLLCALL_RATE: `${options.rate}`,
    ROLLCALL_CONCURRENCY: `${options.concurrency}`,
  };
  const workers: RollcallProcess[] = [];

  async function begin(): Promise<void> {
    await Promise.all(['archive', 'state'].map((bucket) => server.createBucket(bucket)));
    await server.put('archive', await photoObjects(photos));
    const enqueued = scene.start(['enqueue', 's3://archive/staff/', '--run-id', runId], { environment });
    expect(await enqueued.ended, enqueued.output.stderr).toBe(0);
    while (workers.length < options.workers) workers.push(scene.start(['worker'], { environment }));
  }

  async function record(): Promise<RunRecord> {
    const found = await readRunRecord(state, runId);
    if (!found) throw new Error('the run has no record');
    return found;
  }

  await begin().catch(async (error) => {
    await close();
    throw error;
  });
  return {
    workers: () => workers.filter(({ isRunning }) => isRunning),
    engine: scene.engine,
    holdUps: scene.holdUps,
    store: scene.store,
    record,
    close,
    /** The worker that holds the run's lease. */
    conductor: () =>
      until(
        async () => {
          const holder = await queue.leases.holder(`run-${runId}`);
          return (
            workers.find(({ pid, isRunning }) => isRunning && holder?.split(':')[1] === `${pid}`) ?? false
          );
        },
        { what: 'a conductor' },
      ),
    /** Waits until this share of the photos has been called. */
    calls: (share: number) =>
      until(async () => (await control.callCount()) > share * photos, {
        what: `calls for ${share} of the photos`,
        pollInMs: 100,
      }),
    /** How long after `since`, a time of the clock, another conductor showed itself, by what it wrote. */
    async takeOverInMs(since: number, epochBefore: number): Promise<number> {
      const after = await until(
        async () => {
          const found = await record();
          return found.epoch > epochBefore && found;
        },
        { what: 'another conductor' },
      );
      return Date.parse(after.updatedAt) - since;
    },
    /** Templates that have been called and whose photos have no line: these may be called again. */
    async uncollected(): Promise<string[]> {
      const called = (await control.calls()).map(({ templateId }) => templateId ?? '');
      const settled = new Set<string>();
      for await (const { templateId } of readReport(state, runFolderOf(runId))) settled.add(templateId ?? '');
      return called.filter((id) => !settled.has(id));
    },
    async ended(): Promise<void> {
      const end = await until(async () => (await record()).state === 'finished', {
        what: 'the end of the run',
        limitInMs: 240_000,
      }).catch((error: Error) => error);
      expect(end, workers.map(({ output }) => output.stderr).join('\n')).toBe(true);
      const left = workers.filter(({ isRunning }) => isRunning);
      for (const worker of left) worker.signal('SIGTERM');
      for (const worker of left) expect(await worker.ended, worker.output.stderr).toBe(0);
    },
    /** One line a photo, in order, all of them enrolled under the id that follows from the subject. */
    async prove(): Promise<void> {
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
    },
  };
}

/** One subject a photo; the bodies are all the same. */
async function photoObjects(photos: number): Promise<(readonly [string, Buffer])[]> {
  const grey = { r: 128, g: 128, b: 128 };
  const photo = await sharp({ create: { width: 64, height: 64, channels: 3, background: grey } })
    .jpeg()
    .toBuffer();
  const body = tagPhoto(photo, 'ok');
  return Array.from({ length: photos }, (_, index) => [`staff/${subjectOf(index + 1)}.jpg`, body] as const);
}
