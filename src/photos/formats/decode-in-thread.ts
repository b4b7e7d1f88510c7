import { Worker } from 'node:worker_threads';
import { withinTime } from '../../util/time-limit.ts';
import type { Warning } from '../../util/warning.ts';
import type { DecodeAnswer, DecodeTask } from './decode-thread.js';
import { maxPixels, sharp } from './image-decoder.ts';
import { readTiffDirectories } from './tiff-directories.ts';

const orientationTag = 274;

/** JavaScript, since a thread of a process that runs from the sources could not load TypeScript. */
const threadFile = new URL('./decode-thread.js', import.meta.url);

/**
 * Decodes what libvips does not, in a thread of its own that ends with the picture: it affects neither the event loop nor
 * later pictures. Gives an uncompressed TIFF, upright, with the picture's colour profile. Warning: `exif-not-applied`.
 * @throws Error with the decoder's reason, or where it takes longer than allowed
 */
export async function decodeInThread(
  photo: Buffer,
  { format, timeoutInMs }: { format: DecodeTask['format']; timeoutInMs: number },
): Promise<{ picture: Buffer; warnings: Warning[] }> {
  const displayP3Profile = format === 'heic' ? await makeDisplayP3Profile() : undefined;
  const workerData: DecodeTask = { format, bytes: photo, maxPixels, displayP3Profile };
  const thread = new Worker(threadFile, { workerData });
  const decoding = new Promise<DecodeAnswer>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`its decoder ended with ${code}`)));
  });
  try {
    const answer = await withinTime(decoding, {
      limitInMs: timeoutInMs,
      whenLate: () => {
        throw new Error(`it took over ${timeoutInMs / 1000} s`);
      },
    });
    if ('reason' in answer) throw new Error(answer.reason);
    const isTurnedByExif = answer.ignoredExif !== undefined && orientationOf(answer.ignoredExif) !== 1;
    return {
      picture: Buffer.from(answer.tiff.buffer),
      warnings: isTurnedByExif ? ['exif-not-applied'] : [],
    };
  } finally {
    await thread.terminate();
  }
}

/** Of a block of EXIF in a HEIC: how far behind its first four bytes the TIFF begins, then that (ISO 23008-12, A.2.1). */
function orientationOf(exif: Uint8Array): number {
  const bytes = Buffer.from(exif);
  if (bytes.length < 4) return 1;
  const [first] = readTiffDirectories(bytes.subarray(4 + bytes.readUInt32BE(0)));
  const orientation = first?.main.numbers(orientationTag)[0] ?? 1;
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

let displayP3: Promise<Uint8Array | undefined> | undefined;

/** libvips contains the profile, but gives it only as part of a picture. */
function makeDisplayP3Profile(): Promise<Uint8Array | undefined> {
  displayP3 ??= sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
    .withIccProfile('p3')
    .png()
    .toBuffer()
    .then((picture) => sharp(picture).metadata())
    .then(({ icc }) => icc);
  return displayP3;
}
