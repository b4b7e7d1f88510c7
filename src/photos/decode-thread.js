import { parentPort, workerData } from 'node:worker_threads';
import { decodeBmp } from './decode-bmp.js';
import { decodeHeic } from './decode-heic.js';
import { writeTiff } from './write-tiff.js';

/**
 * What the thread is started with.
 * @typedef {object} DecodeTask
 * @property {'heic' | 'bmp'} format
 * @property {Uint8Array} bytes
 * @property {number} maxPixels
 * @property {Uint8Array | undefined} displayP3Profile
 */

/**
 * The thread's result: an uncompressed TIFF, or why there is none. `ignoredExif`: of a HEIC that does not say itself
 * whether it is turned.
 * @typedef {{ tiff: Uint8Array<ArrayBuffer>, ignoredExif?: Uint8Array | undefined } | { reason: string }} DecodeAnswer
 */

/** @type {DecodeTask} */
const task = workerData;
const answer = decode(task);
parentPort?.postMessage(answer, 'tiff' in answer ? [answer.tiff.buffer] : []);

/** @param {DecodeTask} task @returns {DecodeAnswer} */
function decode({ format, bytes, maxPixels, displayP3Profile }) {
  try {
    const { ignoredExif, ...picture } =
      format === 'heic' ? decodeHeic(bytes, { maxPixels }) : { ...decodeBmp(bytes), ignoredExif: undefined };
    const profile = picture.profile ?? (picture.isDisplayP3 ? displayP3Profile : undefined);
    const tiff = writeTiff(profile ? { ...picture, profile } : picture);
    return { tiff, ignoredExif };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
