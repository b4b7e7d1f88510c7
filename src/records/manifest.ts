import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import type { ListedPhoto } from '../sources/source.ts';
import type { StateLine, StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { decidedSchema } from './decisions/decision.ts';
import type { LedgerHint, OtherFolder } from './photo-job-data.ts';
import { warningSchema } from './report/report-line.ts';
import { type RunRecord, runFolderOf } from './run-record.ts';

const manifestLineSchema = z.object({
  seq: z.number().int().positive(),
  subjectId: z.string().optional(),
  writtenId: z.string().optional(),
  photo: z.string().optional(),
  version: z.string().optional(),
  sizeInBytes: z.number().optional(),
  templateId: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  row: z.number().int().optional(),
  cursor: z.string().optional(),
  warnings: z.array(warningSchema).readonly().optional(),
  problem: z.string().optional(),
  decided: decidedSchema.optional(),
});
export type ManifestLine = z.infer<typeof manifestLineSchema>;
/** For each of millions of lines. */
const compiledSchema = z.compile(manifestLineSchema);

/** A line of the manifest and where it is in the file. */
export interface PlacedLine {
  readonly line: ManifestLine;
  readonly offset: number;
  readonly sizeInBytes: number;
  /** In an incremental run. */
  readonly known?: LedgerHint;
  readonly otherFolder?: OtherFolder;
  /** Whether the photo is identified after it was enrolled (`--verify`). */
  readonly verify?: boolean;
}

export const manifestPath = (runId: string) => `${runFolderOf(runId)}/manifest.jsonl`;

export async function manifestSize(state: StateStore, runId: string): Promise<number> {
  return (await state.size(manifestPath(runId))) ?? 0;
}

/** How much of the manifest is durable; only that is fed. */
export interface ManifestEnd {
  readonly count: number;
  readonly sizeInBytes: number;
  /** Set when the list has ended. */
  readonly listed?: ListedInfo;
}

export type ListedInfo = NonNullable<RunRecord['listed']>;

/** Writes the list as it is read: one numbered line a photo, durable before it counts. */
export interface ManifestWriter {
  readonly end: ManifestEnd;
  /** The photo that was listed last: listing continues after it. */
  readonly last: ListedPhoto | undefined;
  /** Appends are written in the order of the calls. */
  append(photos: readonly ListedPhoto[]): Promise<void>;
  /** The list has ended, and what is known of it besides. */
  finish(more?: Omit<ListedInfo, 'count' | 'sha256'>): ManifestEnd;
  close(): Promise<void>;
}

/** `epoch`: of the conductor, where a conductor lists. */
export async function openManifestWriter(
  state: StateStore,
  runId: string,
  epoch?: number,
): Promise<ManifestWriter> {
  const path = manifestPath(runId);
  const appender = await state.openAppender(path, epoch === undefined ? {} : { epoch });
  const hash: Hash = createHash('sha256');
  let count = 0;
  let last: ManifestLine | undefined;
  try {
    for await (const batch of state.readLines(path)) {
      hash.update(textOf(batch));
      const newest = batch.at(-1);
      if (newest) last = parseManifestLine(newest.text, state.locate(path), newest.offset);
      count = last?.seq ?? 0;
    }
  } catch (error) {
    await appender.close();
    throw error;
  }
  let sizeInBytes = appender.sizeInBytes;
  let end: ManifestEnd = { count, sizeInBytes };
  return {
    get end() {
      return end;
    },
    last,
    async append(photos) {
      const text = photos.map((photo) => `${JSON.stringify({ seq: ++count, ...photo })}\n`).join('');
      const countAfter = count;
      hash.update(text);
      sizeInBytes += Buffer.byteLength(text);
      const sizeAfter = sizeInBytes;
      await appender.append(text);
      end = { count: countAfter, sizeInBytes: sizeAfter };
    },
    finish(more = {}) {
      const sha256 = hash.copy().digest('hex');
      end = { ...end, listed: { count, sha256, ...more } };
      return end;
    },
    close: () => appender.close(),
  };
}

/** How many photos a manifest lists, and the SHA-256 of the list. */
export async function hashManifest(
  state: StateStore,
  runId: string,
): Promise<{ count: number; sha256: string }> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const lines of state.readLines(manifestPath(runId))) {
    hash.update(textOf(lines));
    count += lines.length;
  }
  return { count, sha256: hash.digest('hex') };
}

const textOf = (lines: readonly StateLine[]) => lines.map(({ text }) => `${text}\n`).join('');

/** The manifest's lines in batches, from a byte offset to an end; as many as one read gives, or `mostAtOnce`. */
export async function* readManifest(
  state: StateStore,
  runId: string,
  {
    mostAtOnce = Number.POSITIVE_INFINITY,
    ...range
  }: { offset?: number; end?: number; mostAtOnce?: number } = {},
): AsyncGenerator<PlacedLine[]> {
  const path = state.locate(manifestPath(runId));
  for await (const lines of state.readLines(manifestPath(runId), range)) {
    for (let next = 0; next < lines.length; next += mostAtOnce)
      yield lines.slice(next, next + mostAtOnce).map(({ text, offset, sizeInBytes }) => ({
        line: parseManifestLine(text, path, offset),
        offset,
        sizeInBytes,
      }));
  }
}

export function parseManifestLine(text: string, path: string, offset: number): ManifestLine {
  try {
    return compiledSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new FaultError(
      'state',
      `${path} is damaged at byte ${offset}: it must not be changed while its run is active.`,
      {
        cause: error,
      },
    );
  }
}
