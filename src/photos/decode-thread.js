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
 * The thread's result: an uncompressed TIFF, or why there is none.
 * @typedef {{ tiff: Uint8Array<ArrayBuffer> } | { reason: string }} DecodeAnswer
 */

/** @type {DecodeTask} */
const task = workerData;
const answer = decode(task);
parentPort?.postMessage(answer, 'tiff' in answer ? [answer.tiff.buffer] : []);

/** @param {DecodeTask} task @returns {DecodeAnswer} */
function decode({ format, bytes, maxPixels, displayP3Profile }) {
  try {
    const picture = format === 'heic' ? decodeHeic(bytes, { maxPixels }) : decodeBmp(bytes);
    const profile = picture.profile ?? (picture.isDisplayP3 ? displayP3Profile : undefined);
    return { tiff: writeTiff(profile ? { ...picture, profile } : picture) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
