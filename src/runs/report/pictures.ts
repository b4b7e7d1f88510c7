import { hostname } from 'node:os';
import pLimit from 'p-limit';
import { createForgottenSubjects, type ForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import { createByteBudget } from '../../photos/byte-budget.ts';
import { makeThumbnail } from '../../photos/formats/thumbnail.ts';
import type { PhotoBytes, PhotoProblem } from '../../photos/photo.ts';
import { readWithinBudget } from '../../photos/read-within-budget.ts';
import type { ManifestLine } from '../../records/manifest.ts';
import { readManifestLine } from '../../records/manifest-line.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { readUpload } from '../../worker/read-upload.ts';
import { isLocal } from '../files-on.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openPhotoReader } from '../run-source.ts';
import { createKeptReaders } from './kept-readers.ts';

/** Small pictures of the photos that runs list, made when they are asked for and kept nowhere. */
export interface Pictures {
  /**
   * A JPEG without metadata. Undefined, for whatever reason, where there is none to be shown: no such photo, one that is gone, is no
   * picture or too large, that the run's workers may not read, or whose subject is forgotten.
   * @throws TooManyPicturesError; the signal's reason when aborted
   */
  make(
    record: RunRecord,
    photo: { readonly seq: number; readonly sideInPixels: number },
    signal: AbortSignal,
  ): Promise<Buffer | undefined>;
}

/** More are asked for than are worth waiting for. */
export class TooManyPicturesError extends Error {}

const madeAtOnce = 3;
const mostWaiting = 200;
/** For the photos that are in memory at a time; one that needs more is made alone. */
const budgetInBytes = 96 * 1024 * 1024;
const runsKept = 16;

export function createPictures(tools: Pick<Rollcall, 'settings' | 'state' | 's3'>): Pictures {
  const { state } = tools;
  const limit = pLimit(madeAtOnce);
  const memory = createByteBudget(budgetInBytes);
  const readers = createKeptReaders((record: RunRecord) =>
    openPhotoReader(tools, record, { allowPrivate: record.settings.allowPrivate }),
  );
  const forgottenOf = new Map<string, ForgottenSubjects>();

  async function isForgotten({ id, engine, account }: RunRecord, subjectId: string): Promise<boolean> {
    const known = forgottenOf.get(id) ?? createForgottenSubjects({ state, engine, account, runId: id });
    forgottenOf.delete(id);
    forgottenOf.set(id, known);
    const [oldest] = forgottenOf.keys();
    if (forgottenOf.size > runsKept && oldest !== undefined) forgottenOf.delete(oldest);
    await known.refresh();
    return known.isForgotten(subjectId);
  }

  async function makeOne(
    record: RunRecord,
    { seq, sideInPixels }: { seq: number; sideInPixels: number },
    signal: AbortSignal,
  ): Promise<Buffer | undefined> {
    signal.throwIfAborted();
    const line = await readManifestLine(state, record.id, seq);
    if (line?.subjectId === undefined || line.photo === undefined || line.problem !== undefined)
      return undefined;
    if (await isForgotten(record, line.subjectId)) return undefined;
    const share = memory.open(signal);
    try {
      const read = await readPhotoOf(record, line, { share, signal });
      const picture =
        'problem' in read ? undefined : await makeThumbnail(read.bytes, { sideInPixels, memory: share });
      // Whoever was forgotten while it was made is not shown any more.
      return picture && !(await isForgotten(record, line.subjectId)) ? picture : undefined;
    } finally {
      share.release();
    }
  }

  /** With the guards of the run's workers: its folder, private addresses, sizes. */
  async function readPhotoOf(
    record: RunRecord,
    { photo: address = '', sizeInBytes, decided }: ManifestLine,
    { share, signal }: { share: ReturnType<typeof memory.open>; signal: AbortSignal },
  ): Promise<PhotoBytes | PhotoProblem> {
    const { id: runId, filesOn } = record;
    const upload = decided?.upload;
    // What has this name here is another file.
    if (upload === undefined && isLocal(address) && filesOn !== undefined && filesOn !== hostname())
      return { problem: 'its files are on another machine', retryable: false };
    return readers.use(record, (reader) => {
      const readPhoto: typeof reader.read = (from, until, limitInBytes) =>
        upload === undefined
          ? reader.read(from, until, limitInBytes)
          : readUpload(state, { runId, name: upload, limitInBytes });
      return readWithinBudget({ address, readPhoto, share, expectedSizeInBytes: sizeInBytes, signal });
    });
  }

  return {
    make(record, photo, signal) {
      if (limit.pendingCount >= mostWaiting) throw new TooManyPicturesError();
      return limit(() => makeOne(record, photo, signal));
    },
  };
}
