import { parentPort, workerData } from 'node:worker_threads';
import { decodeBmp } from './decode-bmp.js';
import { decodeHeic } from './decode-heic.js';
import { decodeJp2 } from './decode-jp2.js';
import { writeTiff } from './write-tiff.js';

/** @import { DecodedPicture } from './write-tiff.js' */
/** @typedef {DecodedPicture & { ignoredExif?: Uint8Array | undefined }} Decoded */

/**
 * What the thread is started with.
 * @typedef {object} DecodeTask
 * @property {'heic' | 'bmp' | 'jp2'} format
 * @property {Uint8Array} bytes
 * @property {number} maxPixels
 * @property {Uint8Array | undefined} displayP3Profile
 */

/**
 * The thread's result: an uncompressed TIFF, or why there is none. `ignoredExif`: of a HEIC that does not say itself
 * whether it is turned.
 * @typedef {{ tiff: Uint8Array<ArrayBuffer>, ignoredExif?: Uint8Array | undefined } | { reason: string }} DecodeAnswer
 */

/** @type {{ [Format in DecodeTask['format']]: (task: DecodeTask) => Decoded | Promise<Decoded> }} */
const decoders = {
  heic: ({ bytes, maxPixels }) => decodeHeic(bytes, { maxPixels }),
  bmp: ({ bytes }) => decodeBmp(bytes),
  jp2: ({ bytes }) => decodeJp2(bytes),
};

/** @param {DecodeTask} task @returns {Promise<DecodeAnswer>} */
async function decode(task) {
  try {
    const { ignoredExif, ...picture } = await decoders[task.format](task);
    const profile = picture.profile ?? (picture.isDisplayP3 ? task.displayP3Profile : undefined);
    const tiff = writeTiff(profile ? { ...picture, profile } : picture);
    return { tiff, ignoredExif };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** @type {DecodeTask} */
const task = workerData;
const answer = await decode(task);
parentPort?.postMessage(answer, 'tiff' in answer ? [answer.tiff.buffer] : []);
