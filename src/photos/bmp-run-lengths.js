/** @import { BmpHeader } from './decode-bmp.js' */

/**
 * Expands run lengths into one byte, a colour's number, for each pixel; the lowest row first, without padding. What is
 * skipped has colour 0. Data that break off, or that leave the picture, end it there: so do other programs.
 * @param {Buffer} bytes
 * @param {Pick<BmpHeader, 'width' | 'height' | 'bits' | 'dataAt'>} header
 * @returns {Buffer}
 */
export function expandRunLengths(bytes, { width, height, bits, dataAt }) {
  const pixels = Buffer.alloc(width * height);
  let [x, y] = [0, 0];
  /** @param {number} colour */
  const put = (colour) => {
    if (x < width && y < height) pixels[y * width + x] = colour;
    x += 1;
  };
  /** @param {number} byte @param {number} index of a pixel in a run */
  const colourIn = (byte, index) => (bits === 8 ? byte : index % 2 === 0 ? byte >> 4 : byte & 15);
  for (let at = dataAt; at + 1 < bytes.length && y < height; ) {
    const [count = 0, value = 0] = bytes.subarray(at, at + 2);
    at += 2;
    if (count > 0) for (let index = 0; index < count; index += 1) put(colourIn(value, index));
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) break;
    else if (value === 2) {
      x += bytes[at] ?? 0;
      y += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      const perByte = bits === 8 ? 1 : 2;
      for (let index = 0; index < value; index += 1)
        put(colourIn(bytes[at + Math.floor(index / perByte)] ?? 0, index));
      at += Math.ceil(value / perByte / 2) * 2; // padded to 16 bits
    }
  }
  return pixels;
}
