import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** @import { DecodedPicture } from './write-tiff.js' */

/**
 * What is used of OpenJPEG's build: it reads a JP2 file or a bare codestream, samples one beside the other.
 * @typedef {object} Decoder
 * @property {(sizeInBytes: number) => Uint8Array} getEncodedBuffer
 * @property {() => void} decode
 * @property {() => { width: number, height: number, bitsPerSample: number, componentCount: number, isSigned: boolean }} getFrameInfo
 * @property {() => Uint8Array} getDecodedBuffer
 * @property {() => number} getColorSpace
 */

const require = createRequire(import.meta.url);
/** @type {(options: object) => Promise<{ J2KDecoder: new () => Decoder }>} */
const createOpenjpeg = require('@cornerstonejs/codec-openjpeg/decodewasmjs');

/** Not said (a bare codestream), sRGB, grey: from OpenJPEG's `OPJ_COLOR_SPACE`. */
const knownColours = [0, 1, 2];

/**
 * Decodes JPEG 2000: grey or RGB, up to 16 bits a sample, of which the upper 8 are kept.
 * OpenJPEG's memory is not freed: it goes with the thread.
 * @param {Uint8Array} bytes
 * @returns {Promise<DecodedPicture>}
 */
export async function decodeJp2(bytes) {
  const wasmBinary = readFileSync(require.resolve('@cornerstonejs/codec-openjpeg/decodewasm'));
  const { J2KDecoder } = await createOpenjpeg({ wasmBinary, print: () => {}, printErr: () => {} });
  const decoder = new J2KDecoder();
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decodeOrSay(decoder);
  const { width, height, bitsPerSample, componentCount, isSigned } = decoder.getFrameInfo();
  const samples = decoder.getDecodedBuffer();
  const bytesPerSample = bitsPerSample > 8 ? 2 : 1;
  if (width === 0 || samples.length !== width * height * componentCount * bytesPerSample)
    throw new Error('it breaks off, or is damaged');
  if (isSigned || ![1, 3].includes(componentCount) || !knownColours.includes(decoder.getColorSpace()))
    throw new Error('its colours are neither grey nor RGB');
  const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
  /** @param {number} index of the sample */
  const sampleAt = (index) =>
    bytesPerSample === 1
      ? (view.getUint8(index) << 8) >> bitsPerSample
      : view.getUint16(2 * index, true) >> (bitsPerSample - 8);
  const pixels = new Uint8Array(width * 3);
  return {
    ...{ width, height, channels: 3 },
    row(y) {
      for (let at = 0; at < pixels.length; at += 1) {
        const [x, channel] = [Math.floor(at / 3), at % 3];
        pixels[at] = sampleAt((y * width + x) * componentCount + (componentCount === 1 ? 0 : channel));
      }
      return pixels;
    },
  };
}

/** What it throws is a number. @param {Decoder} decoder */
function decodeOrSay(decoder) {
  try {
    decoder.decode();
  } catch (cause) {
    throw new Error('its colours are neither grey nor RGB without alpha, or it is damaged', { cause });
  }
}
