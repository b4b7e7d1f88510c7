/** Width and height in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** The size that a BMP's header claims; a negative height is a picture from top to bottom. */
export function readBmpSize(bytes: Buffer): PixelSize | undefined {
  if (bytes.length < 26) return undefined;
  if (bytes.readUInt32LE(14) === 12) return { width: bytes.readUInt16LE(18), height: bytes.readUInt16LE(20) };
  return { width: Math.abs(bytes.readInt32LE(18)), height: Math.abs(bytes.readInt32LE(22)) };
}

/** How far into a HEIC its description is looked for. */
const maxDescriptionInBytes = 256 * 1024;

/**
 * The size of a HEIC: the largest `ispe` property (ISO 23008-12, 6.5.3), since tiles and thumbnails have one, too.
 */
export function readHeicSize(bytes: Buffer): PixelSize | undefined {
  const description = bytes.subarray(0, maxDescriptionInBytes);
  let largest: PixelSize | undefined;
  for (let at = description.indexOf('ispe'); at !== -1; at = description.indexOf('ispe', at + 4)) {
    if (at + 16 > description.length) break;
    const size = { width: description.readUInt32BE(at + 8), height: description.readUInt32BE(at + 12) };
    if (largest === undefined || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}
