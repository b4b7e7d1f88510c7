import { beginQueue, openBullmqQueue } from './bullmq-queues.ts';
import {
  inBatches,
  priorityOfPhoto,
  priorityOfRetry,
  priorityOfSuspect,
  runQueueName,
} from './bullmq-settings.ts';
import type { BullmqContext, FinishedRow } from './bullmq-store.ts';
import {
  buildChunk,
  finishedPhotos,
  isChunk,
  photosOfChunk,
  recordedPhotos,
  resultsOfChunk,
} from './chunk.ts';
import type { FinishedJob, FoundJob, PhotoJob, Repair, RunQueue } from './queue.ts';
import { storable } from './storable.ts';

const looksAtOnce = 20;

/** The queue of one run: BullMQ's own, and for what BullMQ cannot do, the store's job table. */
export function openRunQueue(
  context: BullmqContext,
  runId: string,
  { isNew = false }: { isNew?: boolean } = {},
): RunQueue {
  const { jobs } = context.store;
  const name = runQueueName(runId);
  const queue = openBullmqQueue(context, { name, defaultJobOptions: { priority: priorityOfPhoto } });
  /** Which chunk a photo is in, as long as it may be. Read once: nobody else adds any. */
  let reading: Promise<Map<string, string>> | undefined = isNew ? Promise.resolve(new Map()) : undefined;

  function chunksByPhoto(): Promise<Map<string, string>> {
    reading ??= readChunks().catch((error) => {
      reading = undefined;
      throw error;
    });
    return reading;
  }

  async function readChunks(): Promise<Map<string, string>> {
    const chunks = await jobs.chunks(name, 'all');
    return new Map(chunks.flatMap(({ id, data }) => photosOfChunk(data).map((photo) => [photo.id, id])));
  }

  async function addJobs(photos: readonly PhotoJob[]): Promise<void> {
    for (const batch of inBatches(photos)) await queue.addBulk(batch.map(toBullmqJob));
  }

  /** A photo that has a job of its own, from an earlier conductor or from an earlier chunk, stays there. */
  async function addChunks(photos: readonly PhotoJob[], photosPerJob: number): Promise<void> {
    const there = new Set(
      await jobs.existing(
        name,
        photos.map(({ id }) => id),
      ),
    );
    const chunks = inBatches(
      photos.filter(({ id }) => !there.has(id)),
      photosPerJob,
    ).map(buildChunk);
    for (const batch of inBatches(chunks, Math.ceil(1_000 / photosPerJob)))
      await queue.addBulk(
        batch.map(({ id, data }) => ({ name: 'photos', data: storable(data), opts: { jobId: id } })),
      );
    const chunkOf = await chunksByPhoto();
    for (const { id, data } of chunks) for (const photo of data.photos) chunkOf.set(photo.id, id);
  }

  async function findInChunks(wanted: ReadonlySet<string>): Promise<Map<string, FoundJob>> {
    const found = new Map<string, FoundJob>();
    for (const chunk of await jobs.chunks(name, 'all'))
      for (const { id, data, record } of resultsOfChunk(chunk)) {
        const isActive = chunk.state === 'active' && !record;
        const current = record && 'again' in record ? record.again.data : data;
        if (wanted.has(id)) found.set(id, { data: current, isActive });
      }
    return found;
  }

  return {
    async add(photos, photosPerJob = 1) {
      if (photos.length === 0) return;
      await beginQueue(queue);
      const chunkOf = await chunksByPhoto();
      const open = photos.filter(({ id }) => !chunkOf.has(id));
      const [alone, together] = [[] as PhotoJob[], [] as PhotoJob[]];
      for (const photo of open) (photosPerJob > 1 && !photo.retry ? together : alone).push(photo);
      await addJobs(alone);
      if (together.length > 0) await addChunks(together, photosPerJob);
    },
    async finished(limit) {
      const rows = await jobs.finished(name, limit);
      const chunkOf = await chunksByPhoto();
      return rows.flatMap((row) => {
        if (!isChunk(row.id)) return finishedJob(row);
        const photos = finishedPhotos(row, row.returnValue);
        for (const { id } of photos) chunkOf.delete(id);
        // One that cannot be read is to be removed all the same.
        return photos.length > 0 ? photos : finishedJob(row);
      });
    },
    async recorded() {
      if ((await chunksByPhoto()).size === 0) return [];
      return (await jobs.chunks(name, 'active')).flatMap(recordedPhotos);
    },
    async remove(jobIds) {
      for (const batch of inBatches(jobIds)) await jobs.removeFinished(name, batch);
    },
    async ids() {
      const alone = (await jobs.ids(name)).filter((id) => !isChunk(id));
      return new Set([...alone, ...(await chunksByPhoto()).keys()]);
    },
    async repair(ids) {
      const chunkOf = await chunksByPhoto();
      const jobOf = (id: string) => chunkOf.get(id) ?? id;
      const repairs: Repair[] = [];
      for (const batch of inBatches([...new Set(ids.map(jobOf))]))
        repairs.push(await jobs.repair(name, batch));
      const gone = new Set(repairs.flatMap(({ lost }) => lost));
      const lost = ids.filter((id) => gone.has(jobOf(id)));
      for (const [id, chunk] of chunkOf) if (gone.has(chunk)) chunkOf.delete(id);
      return { restored: repairs.reduce((sum, { restored }) => sum + restored, 0), lost };
    },
    async find(ids) {
      const chunkOf = await chunksByPhoto();
      const alone = ids.filter((id) => !chunkOf.has(id));
      const found =
        alone.length < ids.length ? await findInChunks(new Set(ids)) : new Map<string, FoundJob>();
      for (const batch of inBatches(alone, looksAtOnce)) {
        const looks = batch.map(async (id) => {
          const job = await queue.getJob(id);
          if (job) found.set(id, { data: job.data, isActive: (await job.getState()) === 'active' });
        });
        await Promise.all(looks);
      }
      return found;
    },
    counts: () => jobs.counts(name),
    async pause() {
      await beginQueue(queue);
      await queue.pause();
    },
    resume: () => queue.resume(),
    async adoptFrom(isDead) {
      const active = await jobs.active(name);
      const deadNames = new Set([...new Set(active.map((job) => job.workerName))].filter(isDead));
      const orphans = active.filter((job) => deadNames.has(job.workerName));
      let count = 0;
      for (const batch of inBatches(orphans)) count += await jobs.expireLocks(name, batch);
      return count;
    },
    async obliterate() {
      await queue.obliterate({ force: true });
      await jobs.removeRemains(name);
    },
    close: context.closers.add(() => queue.close()),
  };
}

function toBullmqJob({ id, data, retry }: PhotoJob) {
  const again = retry && {
    priority: retry.isLast ? priorityOfSuspect : priorityOfRetry,
    // PostgreSQL takes whole milliseconds only.
    delay: Math.ceil(retry.delayInMs),
  };
  return { name: 'photo', data: storable(data), opts: { jobId: id, ...again } };
}

function finishedJob({ records: _, ...row }: FinishedRow): FinishedJob {
  return { ...row, jobId: row.id };
}
