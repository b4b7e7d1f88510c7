import { crc32 } from 'node:zlib';
import type { PlainHeader } from '../photo.ts';

/** Where the header's chunk begins and ends: behind the signature. */
const headerAt = 8;
const headerEnd = 33;
/** Grey and RGB, without and with alpha; not a palette. */
const plainColours: readonly unknown[] = [0, 2, 4, 6];
/** What may stand before the picture and says nothing of its size, depth or orientation (PNG, third edition, 11.3). */
const harmless = new Set(['sRGB', 'gAMA', 'cHRM', 'pHYs', 'tIME', 'iCCP', 'sBIT', 'bKGD']);
/** Below every limit of libpng and libvips. */
const longestSide = 1_000_000;
const largestChunkInBytes = 8_000_000;

/**
 * The header of a PNG with 8 bits a channel that libpng reads without an error, up to the data of its picture. Undefined for
 * every other, such as one with a palette, EXIF or several pictures: libvips decides.
 */
export function readPngHeader(photo: Buffer): PlainHeader | undefined {
  if (!hasPlainHeader(photo)) return undefined;
  for (let at = headerEnd; at + 12 <= photo.length; ) {
    const size = photo.readUInt32BE(at);
    const type = photo.toString('latin1', at + 4, at + 8);
    const end = at + 12 + size;
    if (size > largestChunkInBytes || end > photo.length) return undefined;
    if (type === 'IDAT')
      return { width: photo.readUInt32BE(16), height: photo.readUInt32BE(20), orientation: 1 };
    if (!harmless.has(type)) return undefined;
    at = end;
  }
  return undefined;
}

function hasPlainHeader(photo: Buffer): boolean {
  const isThere = photo.length >= headerEnd && photo.toString('latin1', headerAt, 16) === '\0\0\0\rIHDR';
  if (!isThere || crc32(photo.subarray(headerAt + 4, 29)) !== photo.readUInt32BE(29)) return false;
  const [depth, colour, compression, filter, interlace = 2] = photo.subarray(24, 29);
  const sides = [photo.readUInt32BE(16), photo.readUInt32BE(20)];
  return (
    sides.every((side) => side > 0 && side <= longestSide) &&
    depth === 8 &&
    plainColours.includes(colour) &&
    compression === 0 &&
    filter === 0 &&
    interlace <= 1
  );
}
