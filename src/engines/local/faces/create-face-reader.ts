import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { Tinypool } from 'tinypool';
import { sharp } from '../../../photos/formats/image-decoder.ts';
import { FaultError } from '../../../util/errors.ts';
import { withinTime } from '../../../util/time-limit.ts';
import { largeInPixels } from './decode-photo.ts';
import type { FaceReader, PhotoReading } from './face-reader.ts';
import { findModelFiles } from './model-packages.ts';

export interface FaceReaderOptions {
  /** Photos processed at once; default: one for every core. */
  readonly threads?: number;
}

/**
 * Starts the threads, the first of which has its models loaded when this resolves (about a second, and 200 MB a thread).
 * @throws UsageError that says what to install where the packages of the models are missing
 */
export async function createFaceReader(options: FaceReaderOptions = {}): Promise<FaceReader> {
  findModelFiles();
  const { threads = availableParallelism() } = options;
  const pool = new Tinypool({
    filename: new URL('./face-thread.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    // A thread keeps its models until the end: loading them again costs more than several photos.
    idleTimeout: longestTimerInMs,
  });
  // The pool ends a thread whose task is aborted, and its models with it: it is given only what it can start at once.
  const line = pLimit(threads);
  // A progressive JPEG is decoded as a whole: two large ones at a time would take a gigabyte.
  const largeOnes = pLimit(1);
  let isClosed = false;
  const run = async (photo: Uint8Array | undefined): Promise<PhotoReading | undefined> => {
    try {
      if (isClosed) throw new Error('it was closed');
      return await pool.run(photo);
    } catch (error) {
      throw new FaultError('face-reader', `The face reader failed: ${String(error)}`, { cause: error });
    }
  };
  try {
    await run(undefined);
  } catch (error) {
    await pool.destroy();
    throw error;
  }
  return {
    async read(photo, signal) {
      signal.throwIfAborted();
      const inLine = () => line(async () => (signal.aborted ? undefined : run(photo)));
      const reading = await withinTime((await isLarge(photo)) ? largeOnes(inLine) : inLine(), { signal });
      if (reading === undefined) throw signal.reason;
      return reading;
    },
    async close() {
      isClosed = true;
      await pool.destroy();
    },
  };
}

/** By its header; a photo without a readable one is not large. */
async function isLarge(photo: Buffer): Promise<boolean> {
  try {
    const { width, height } = await sharp(photo, { limitInputPixels: false }).metadata();
    return width * height > largeInPixels;
  } catch {
    return false;
  }
}

const longestTimerInMs = 2 ** 31 - 1;

let shared: { readonly reader: Promise<FaceReader>; users: number } | undefined;

/**
 * The one reader of this process, for all who need one: the models of a preflight are those of an engine beside it. It is
 * closed with its last user.
 */
export async function shareFaceReader(): Promise<FaceReader> {
  shared ??= { reader: createFaceReader(), users: 0 };
  const own = shared;
  own.users += 1;
  const leave = () => {
    own.users -= 1;
    if (own.users === 0 && shared === own) shared = undefined;
    return own.users === 0;
  };
  const reader = await own.reader.catch((error) => {
    leave();
    throw error;
  });
  return { read: reader.read, close: async () => void (leave() && (await reader.close())) };
}

/** Creates the reader, and loads its models, with the first photo: an engine that only deletes needs none. */
export function createLazyFaceReader(create: () => Promise<FaceReader>): FaceReader {
  let reader: Promise<FaceReader> | undefined;
  const open = () => {
    reader ??= create().catch((error) => {
      reader = undefined;
      throw error;
    });
    return reader;
  };
  return {
    async read(photo, signal) {
      const opened = await open();
      return opened.read(photo, signal);
    },
    async close() {
      const opened = await reader?.catch(() => undefined);
      await opened?.close();
    },
  };
}
