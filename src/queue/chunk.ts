import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { FinishedJob, PhotoJob, WorkAgain } from './queue.ts';

/**
 * A chunk: one job of several photos. It is begun once: whoever ends it, dead or alive, what has no result by then goes on
 * as jobs of one photo, which the conductor adds. States: waiting → active → finished; results are recorded one by one
 * meanwhile, and are read from there.
 */
export interface Chunk {
  readonly id: string;
  readonly data: ChunkData;
}

export interface ChunkData {
  readonly photos: readonly { readonly id: string; readonly data: PhotoJobData }[];
}

/** What became of the photo that is number `at` of its chunk, from 0. */
export type ChunkRecord = { readonly at: number } & (
  | { readonly outcome: Readonly<Record<string, unknown>> }
  | { readonly again: WorkAgain }
  /** The program failed. */
  | { readonly failed: string }
);

/**
 * What the worker returns that ends a chunk. `results`: how many it had; absent where another one had begun the chunk, who
 * may have made calls of which nothing is known.
 */
export interface ChunkEnd {
  readonly results?: number;
}

/** A chunk as the queue has it. */
export interface FoundChunk {
  readonly id: string;
  readonly state: 'waiting' | 'active' | 'finished';
  readonly data: unknown;
  /** Lines of records, as they were written. */
  readonly records: readonly string[];
}

export type ChunkPhoto = ChunkData['photos'][number] & { readonly record?: ChunkRecord | undefined };

const sizeInId = /x(\d+)$/;

/** The same photos give the same id: added again, they add nothing. How many they are stands at its end. */
export function buildChunk(photos: readonly PhotoJob[]): Chunk {
  const hash = createHash('sha256');
  for (const { id } of photos) hash.update(`${id}\n`);
  const [first] = photos;
  const { run, seq } = first?.data ?? { run: '', seq: 0 };
  return {
    id: `${run}-${seq}-${hash.digest('hex').slice(0, 12)}x${photos.length}`,
    data: { photos: photos.map(({ id, data }) => ({ id, data })) },
  };
}

export const isChunk = (jobId: string) => sizeInId.test(jobId);

export const photosIn = (jobId: string) => Number(sizeInId.exec(jobId)?.[1] ?? 1);

/** The data of each photo is checked where it is used, as of a job of its own. */
const photoDataSchema = z.custom<PhotoJobData>((data) => data instanceof Object);
const chunkDataSchema = z.object({ photos: z.array(z.object({ id: z.string(), data: photoDataSchema })) });
const place = { at: z.int().nonnegative() };
const recordSchema = z.union([
  z.object({ ...place, outcome: z.record(z.string(), z.unknown()) }),
  z.object({
    ...place,
    again: z.object({
      delayInMs: z.number(),
      data: photoDataSchema,
      isLast: z.boolean().exactOptional(),
    }),
  }),
  z.object({ ...place, failed: z.string() }),
]);
const chunkEndSchema = z.object({ results: z.number().optional() });

/** The photos of a chunk; none where it is damaged. */
export function photosOfChunk(data: unknown): ChunkData['photos'] {
  const parsed = chunkDataSchema.safeParse(data);
  return parsed.success ? parsed.data.photos : [];
}

/** The photos of a chunk, each with its result; a record that is damaged is none. */
export function resultsOfChunk({ data, records }: Pick<FoundChunk, 'data' | 'records'>): ChunkPhoto[] {
  const byPlace = new Map<number, ChunkRecord>();
  for (const record of records.flatMap(readRecords)) byPlace.set(record.at, record);
  return photosOfChunk(data).map((photo, at) => ({ ...photo, record: byPlace.get(at) }));
}

function readRecords(line: string): ChunkRecord[] {
  try {
    const records: unknown = JSON.parse(line);
    return Array.isArray(records)
      ? records.flatMap((record) => recordSchema.safeParse(record).data ?? [])
      : [];
  } catch {
    return [];
  }
}

/** What a finished chunk gives: results, and photos that go on as jobs of their own. */
export function finishedPhotos(
  chunk: Pick<FoundChunk, 'id' | 'data' | 'records'>,
  returnValue: unknown,
): FinishedJob[] {
  const photos = resultsOfChunk(chunk);
  const found = photos.filter(({ record }) => record).length;
  const end = chunkEndSchema.safeParse(returnValue);
  const isWhole = end.success && end.data.results !== undefined && found >= end.data.results;
  return photos.map((photo) => recordedPhoto(chunk.id, photo) ?? leftPhoto(chunk.id, photo, isWhole));
}

/** The outcomes of a chunk so far. */
export function recordedPhotos(chunk: FoundChunk): FinishedJob[] {
  return resultsOfChunk(chunk)
    .map((photo) => recordedPhoto(chunk.id, photo))
    .filter((photo) => photo !== undefined);
}

function recordedPhoto(jobId: string, { id, data, record }: ChunkPhoto): FinishedJob | undefined {
  if (record === undefined || 'again' in record) return undefined;
  return 'outcome' in record
    ? { id, jobId, data, state: 'completed', returnValue: record.outcome }
    : { id, jobId, data, state: 'failed', returnValue: null, failedReason: record.failed };
}

/** `isWhole`: all results are known, so that a photo without one was not called. */
function leftPhoto(jobId: string, { id, data, record }: ChunkPhoto, isWhole: boolean): FinishedJob {
  const left = { id, jobId, state: 'left', returnValue: null } as const;
  if (record && 'again' in record) {
    const { data: newData, ...retry } = record.again;
    return { ...left, data: newData, retry };
  }
  const doubtful = { ...data, tries: { ...data.tries, storedUnknown: true } };
  return { ...left, data: isWhole ? data : doubtful, retry: { delayInMs: 0 } };
}
