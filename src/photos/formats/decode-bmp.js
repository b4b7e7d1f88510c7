/** @import { DecodedPicture } from './write-tiff.js' */

/**
 * What a BMP's headers say (Microsoft's BITMAPCOREHEADER to BITMAPV5HEADER).
 * @typedef {object} BmpHeader
 * @property {number} width
 * @property {number} height
 * @property {boolean} isTopDown
 * @property {number} bits a pixel
 * @property {number} compression
 * @property {number} dataAt
 * @property {Uint8Array[]} palette red, green, blue
 * @property {ColourMask[]} masks of red, green, blue and perhaps alpha, where a pixel has 16 or 32 bits
 */

/** @typedef {{ shift: number, max: number }} ColourMask */

const uncompressed = 0;
const runLengths8 = 1;
const runLengths4 = 2;
const bitFields = [3, 6];

/**
 * Decodes a BMP: 1, 4, 8, 16, 24 or 32 bits a pixel, plain, with masks, or with run lengths. Colour profiles of version
 * 4 and 5 are ignored: programs that write BMP mean sRGB.
 * @param {Uint8Array} data
 * @returns {DecodedPicture}
 */
export function decodeBmp(data) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const header = readHeader(bytes);
  const { width, height, bits, isTopDown, compression } = header;
  const isRunLength = compression === runLengths8 || compression === runLengths4;
  const stored = isRunLength ? expandRunLengths(bytes, header) : bytes.subarray(header.dataAt);
  const depth = isRunLength ? 8 : bits;
  const stride = isRunLength ? width : Math.ceil((width * bits) / 32) * 4;
  if (stored.length < stride * (height - 1) + Math.ceil((width * depth) / 8))
    throw new Error('it breaks off');
  const channels = header.masks[3] ? 4 : 3;
  const pixels = new Uint8Array(width * channels);
  const writePixel = pixelWriter({ header, depth, pixels });
  return {
    width,
    height,
    channels,
    row: (y) => {
      const line = stored.subarray((isTopDown ? y : height - 1 - y) * stride);
      for (let x = 0; x < width; x += 1) writePixel(line, x);
      return pixels;
    },
  };
}

/** @param {Buffer} bytes @returns {BmpHeader} */
function readHeader(bytes) {
  const dataAt = bytes.readUInt32LE(10);
  const size = bytes.readUInt32LE(14);
  const isCore = size === 12;
  if (!isCore && size < 40) throw new Error(`its header has ${size} bytes`);
  const signedHeight = isCore ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? uncompressed : bytes.readUInt32LE(30);
  const afterHeader = 14 + size;
  // The masks follow the oldest long header, and are within all later ones: at the same offset.
  const masks = bitFields.includes(compression)
    ? readMasks(bytes, 54, size >= 56 || compression === 6 ? 4 : 3)
    : usualMasks(bits);
  const paletteAt = bitFields.includes(compression) ? Math.max(afterHeader, 66) : afterHeader;
  const colours = isCore ? 0 : bytes.readUInt32LE(46);
  return {
    width: isCore ? bytes.readUInt16LE(18) : bytes.readInt32LE(18),
    height: Math.abs(signedHeight),
    isTopDown: signedHeight < 0,
    bits: assertKnown(bits, compression),
    compression,
    dataAt,
    masks,
    palette:
      bits <= 8 ? readPalette(bytes.subarray(paletteAt), { bits, colours, entry: isCore ? 3 : 4 }) : [],
  };
}

/** @param {number} bits @param {number} compression */
function assertKnown(bits, compression) {
  const known =
    (compression === uncompressed && [1, 4, 8, 16, 24, 32].includes(bits)) ||
    (compression === runLengths8 && bits === 8) ||
    (compression === runLengths4 && bits === 4) ||
    (bitFields.includes(compression) && [16, 32].includes(bits));
  if (!known) throw new Error(`${bits} bits a pixel with compression ${compression} are not known`);
  return bits;
}

/** @param {Buffer} bytes @param {{ bits: number, colours: number, entry: 3 | 4 }} shape */
function readPalette(bytes, { bits, colours, entry }) {
  const most = 2 ** bits;
  return Array.from({ length: most }, (_, index) => {
    const at = index * entry;
    const isThere = (colours === 0 || index < colours) && at + 3 <= bytes.length;
    return isThere ? Uint8Array.from(bytes.subarray(at, at + 3)).reverse() : new Uint8Array(3);
  });
}

/** @param {Buffer} bytes @param {number} at @param {3 | 4} count */
function readMasks(bytes, at, count) {
  const masks = Array.from({ length: count }, (_, index) => toMask(bytes.readUInt32LE(at + index * 4)));
  return masks[3]?.max === 0 ? masks.slice(0, 3) : masks;
}

/** @param {number} bits */
function usualMasks(bits) {
  if (bits === 16) return [0x7c00, 0x03e0, 0x001f].map(toMask);
  return bits === 32 ? [0xff0000, 0x00ff00, 0x0000ff].map(toMask) : [];
}

/** @param {number} mask @returns {ColourMask} */
function toMask(mask) {
  if (mask === 0) return { shift: 0, max: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  return { shift, max: mask >>> shift };
}

/**
 * @param {{ header: BmpHeader, depth: number, pixels: Uint8Array }} options
 * @returns {(line: Buffer, x: number) => void}
 */
function pixelWriter({ header: { palette, masks }, depth, pixels }) {
  if (depth === 24)
    return (line, x) => {
      for (let channel = 0; channel < 3; channel += 1)
        pixels[x * 3 + channel] = line[x * 3 + 2 - channel] ?? 0;
    };
  if (depth > 8)
    return (line, x) => {
      const value = depth === 16 ? line.readUInt16LE(x * 2) : line.readUInt32LE(x * 4);
      for (const [channel, { shift, max }] of masks.entries()) {
        const part = (value >>> shift) & max;
        pixels[x * masks.length + channel] = max === 0 ? 0 : Math.round((part * 255) / max);
      }
    };
  const perByte = 8 / depth;
  return (line, x) => {
    const byte = line[Math.floor(x / perByte)] ?? 0;
    const index = (byte >> (8 - depth * ((x % perByte) + 1))) & (2 ** depth - 1);
    pixels.set(palette[index] ?? [], x * 3);
  };
}

/**
 * Expands run lengths into one byte, a colour's number, for each pixel; the lowest row first, without padding. What is
 * skipped has colour 0. Data that is cut off, or runs beyond the picture, ends it there, as in other programs.
 * @param {Buffer} bytes
 * @param {Pick<BmpHeader, 'width' | 'height' | 'bits' | 'dataAt'>} header
 * @returns {Buffer}
 */
function expandRunLengths(bytes, { width, height, bits, dataAt }) {
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
