import { decoderMessage, maxPixels, ofPicture, sharp } from './formats/image-decoder.ts';
import { readJpegHeader } from './formats/jpeg-header.ts';
import { nameFormat } from './formats/named-formats.ts';
import { detectPhotoFormat } from './formats/photo-format.ts';
import { readPngHeader } from './formats/png-header.ts';
import { chooseTiffPicture } from './formats/tiff-picture.ts';
import type { InspectedPhoto, PhotoFormat, PhotoProblem, PlainHeader } from './photo.ts';
import { permanent } from './photo-bytes.ts';

/**
 * Reads a photo's header, without decoding the picture: whether it is an image, its format, size and orientation. One
 * that is cut off after a good header passes: the engine will judge it.
 */
export async function inspectPhoto(bytes: Buffer): Promise<InspectedPhoto | PhotoProblem> {
  if (bytes.length === 0) return permanent('photo is empty (0 bytes)');
  const format = detectPhotoFormat(bytes);
  if (format === undefined) {
    const what = nameFormat(bytes);
    const named = what === undefined ? '' : `, but ${what}`;
    return permanent(
      `photo is not an image format that rollcall knows${named}; it begins with ${begin(bytes)}`,
    );
  }
  const inspected = await readHeader(bytes, format);
  if ('problem' in inspected) return inspected;
  const { width, height } = inspected;
  if (width * height <= maxPixels) return inspected;
  const limit = maxPixels / 1_000_000;
  return permanent(
    `photo claims ${width} x ${height} pixels, more than the ${limit} million that are decoded`,
  );
}

async function readHeader(bytes: Buffer, format: PhotoFormat): Promise<InspectedPhoto | PhotoProblem> {
  if (format === 'bmp') return withoutDecoder(format, readBmpSize(bytes));
  if (format === 'heic') return withoutDecoder(format, readHeicSize(bytes));
  if (format === 'jp2') return withoutDecoder(format, readJp2Size(bytes));
  const plain = readPlainHeader(bytes, format);
  if (plain) return { format, ...plain, animated: false };
  return readByDecoder(bytes, format);
}

/** Of most photos, without libvips and its thread. */
function readPlainHeader(bytes: Buffer, format: PhotoFormat): PlainHeader | undefined {
  if (format === 'jpeg') return readJpegHeader(bytes);
  return format === 'png' ? readPngHeader(bytes) : undefined;
}

/** Those that cameras and scanners write with four inks, or 16 bits a channel. */
const formatsOfPrinters = new Set<PhotoFormat>(['jpeg', 'png', 'tiff']);

/** What libvips says. */
export async function readByDecoder(
  bytes: Buffer,
  format: PhotoFormat,
): Promise<InspectedPhoto | PhotoProblem> {
  const chosen = format === 'tiff' ? chooseTiffPicture(bytes) : undefined;
  if (chosen === 'raw')
    return permanent(
      "photo is a camera's raw file (such as DNG), of which only a preview could be read: export it as JPEG",
    );
  try {
    const header = await sharp(bytes, { limitInputPixels: false, ...ofPicture(chosen) }).metadata();
    const { width, height, orientation = 1, pages = 1 } = header;
    const isUnusual = formatsOfPrinters.has(format) && (header.space === 'cmyk' || header.depth !== 'uchar');
    const isFirst = chosen === undefined || (chosen.page === 0 && chosen.subifd === -1);
    return {
      ...{ format, width, height: header.pageHeight ?? height, orientation, animated: pages > 1 },
      ...(!isFirst && { picture: chosen }),
      ...(isUnusual && { hasUnusualColours: true as const }),
    };
  } catch (error) {
    return permanent(
      `photo begins like a ${format} image, but its header cannot be read: ${decoderMessage(error)}`,
    );
  }
}

function withoutDecoder(format: PhotoFormat, size: PixelSize | undefined): InspectedPhoto | PhotoProblem {
  const isSized = size !== undefined && size.width > 0 && size.height > 0;
  if (!isSized) return permanent(`photo begins like a ${format} image, but its header cannot be read`);
  return { format, ...size, orientation: 1, animated: false };
}

/** What the file begins with: text as text, all else as hex. */
function begin(bytes: Buffer): string {
  const beginning = bytes.subarray(0, 16);
  const isText = beginning.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText ? JSON.stringify(beginning.toString('latin1')) : beginning.subarray(0, 8).toString('hex');
}

/** Width and height in pixels. */
interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** The size that a BMP's header claims; a negative height is a picture from top to bottom. */
function readBmpSize(bytes: Buffer): PixelSize | undefined {
  if (bytes.length < 26) return undefined;
  if (bytes.readUInt32LE(14) === 12) return { width: bytes.readUInt16LE(18), height: bytes.readUInt16LE(20) };
  return { width: Math.abs(bytes.readInt32LE(18)), height: Math.abs(bytes.readInt32LE(22)) };
}

/** How far into a HEIC its description is looked for. */
const maxDescriptionInBytes = 256 * 1024;

/**
 * The size of a HEIC: the largest `ispe` property (ISO 23008-12, 6.5.3), since tiles and thumbnails have one, too.
 */
function readHeicSize(bytes: Buffer): PixelSize | undefined {
  const description = bytes.subarray(0, maxDescriptionInBytes);
  let largest: PixelSize | undefined;
  for (let at = description.indexOf('ispe'); at !== -1; at = description.indexOf('ispe', at + 4)) {
    if (at + 16 > description.length) break;
    const size = { width: description.readUInt32BE(at + 8), height: description.readUInt32BE(at + 12) };
    if (largest === undefined || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

/** The size of JPEG 2000 as its codestream begins with it (ITU-T T.800, A.5.1), in a JP2 or alone. */
function readJp2Size(bytes: Buffer): PixelSize | undefined {
  const at = bytes[0] === 0xff ? 0 : findCodestream(bytes);
  if (at === undefined || at + 24 > bytes.length) return undefined;
  const [right, bottom, left, top] = [8, 12, 16, 20].map((offset) => bytes.readUInt32BE(at + offset));
  return { width: (right ?? 0) - (left ?? 0), height: (bottom ?? 0) - (top ?? 0) };
}

/** Box by box, as a decoder does: a text in one of them may look like a codestream. */
function findCodestream(bytes: Buffer): number | undefined {
  for (let at = 0; at + 16 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    const headSize = size === 1 ? 16 : 8;
    if (bytes.toString('latin1', at + 4, at + 8) === 'jp2c') return at + headSize;
    at += size === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : Math.max(size, 8);
  }
  return undefined;
}
