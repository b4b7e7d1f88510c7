import { isNeeded, type JpegSegment, readJpegStructure } from './jpeg-segments.ts';

/**
 * A JPEG or PNG without what it says besides its picture: EXIF with places and times, XMP, IPTC, comments, previews, and
 * whatever follows the picture's end (phones append videos). Nothing is re-encoded: the data of the picture and of its
 * colours are the same bytes. Undefined where the structure of the file is not understood.
 */
export function stripMetadata(photo: Buffer, format: 'jpeg' | 'png'): Buffer | undefined {
  return format === 'jpeg' ? stripJpeg(photo) : stripPng(photo);
}

const app0 = 0xe0;
const app2 = 0xe2;
const app14 = 0xee;

/** Up to and with the density; a thumbnail may follow. */
const jfifSize = 14;

/**
 * Keeps what the picture needs: frames, tables, scans; JFIF without its thumbnail, the ICC profile, and Adobe's segment,
 * which says how colours are coded. Drops all other segments, and whatever follows the end. A photo that is cut off
 * within a scan stays cut off. Undefined where the structure is not a JPEG's.
 */
function stripJpeg(photo: Buffer): Buffer | undefined {
  const structure = readJpegStructure(photo);
  return structure && Buffer.concat([photo.subarray(0, 2), ...structure.segments.flatMap(keptOf)]);
}

function keptOf({ marker, bytes: segment }: JpegSegment): Buffer[] {
  if (marker === 'data' || isNeeded(marker)) return [segment];
  const name = segment.toString('latin1', 4, 16);
  if (marker === app0 && name.startsWith('JFIF\0') && segment.length >= 4 + jfifSize)
    return [withoutThumbnail(segment)];
  const isColour =
    (marker === app2 && name === 'ICC_PROFILE\0') || (marker === app14 && name.startsWith('Adobe'));
  return isColour ? [segment] : [];
}

function withoutThumbnail(segment: Buffer): Buffer {
  if (segment.length === 4 + jfifSize) return segment;
  const short = Buffer.from(segment.subarray(0, 4 + jfifSize));
  short.writeUInt16BE(2 + jfifSize, 2);
  short.writeUInt16BE(0, 2 + jfifSize); // its width and height
  return short;
}

const signatureSize = 8;

/** What a decoder needs (PNG, third edition, 11.2 and 11.3), and what says how colours and sizes are meant. */
const needed = ['IHDR', 'PLTE', 'IDAT', 'IEND'];
const ofThePicture = ['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI', 'sBIT', 'bKGD', 'pHYs'];
const kept = new Set([...needed, ...ofThePicture]);

/**
 * Keeps the chunks that make the picture and its colours. Drops all others (EXIF, texts, time, frames of an animation,
 * whatever is not known), and what follows the end. A photo that is cut off within its picture stays cut off. Undefined where the structure is not a PNG's.
 */
function stripPng(photo: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [photo.subarray(0, signatureSize)];
  let hasPicture = false;
  for (let at = signatureSize; at < photo.length; ) {
    if (hasPicture && at + 8 > photo.length) break;
    const type = photo.toString('latin1', at + 4, at + 8);
    const isCritical = type.charAt(0) < 'a';
    const isFirst = at === signatureSize;
    if (!/^[A-Za-z]{4}$/u.test(type) || isFirst !== (type === 'IHDR')) return undefined;
    if (isCritical && !kept.has(type)) return undefined;
    const end = at + 12 + photo.readUInt32BE(at);
    if (end > photo.length && type !== 'IDAT' && type !== 'IEND') {
      if (isCritical || !hasPicture) return undefined;
      break;
    }
    hasPicture ||= type === 'IDAT';
    if (kept.has(type)) chunks.push(photo.subarray(at, end));
    if (type === 'IEND') break;
    at = end;
  }
  return hasPicture ? Buffer.concat(chunks) : undefined;
}
