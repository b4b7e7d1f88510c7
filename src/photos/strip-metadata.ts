/**
 * A JPEG or PNG without what it says besides its picture: EXIF with places and times, XMP, IPTC, comments, previews, and
 * whatever follows the picture's end (phones append videos). Nothing is re-encoded: the data of the picture and of its
 * colours are the same bytes. Undefined where the structure of the file is not understood.
 */
export function stripMetadata(photo: Buffer, format: 'jpeg' | 'png'): Buffer | undefined {
  return format === 'jpeg' ? stripJpeg(photo) : stripPng(photo);
}

/** Markers by ITU-T T.81, table B.1. */
const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
const app0 = 0xe0;
const app2 = 0xe2;
const app14 = 0xee;

/** Frames (SOF0 to SOF15), tables, restart interval, number of lines: what a decoder needs. */
const isNeeded = (marker: number) => marker >= 0xc0 && marker <= 0xdf && marker !== 0xc8;
const isApplication = (marker: number) => marker >= 0xe0 && marker <= 0xef;
const isComment = (marker: number) => marker === 0xfe;
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;

/** Up to and with the density; a thumbnail may follow. */
const jfifSize = 14;

/**
 * Keeps what the picture needs: frames, tables, scans; JFIF without its thumbnail, the ICC profile, and Adobe's segment,
 * which says how colours are coded. Drops all other segments, and whatever follows the end. A photo that is cut off
 * within a scan stays cut off. Undefined where the structure is not a JPEG's.
 */
function stripJpeg(photo: Buffer): Buffer | undefined {
  const kept: Buffer[] = [photo.subarray(0, 2)];
  if (photo[0] !== 0xff || photo[1] !== startOfImage) return undefined;
  let hasScan = false;
  for (let at = 2; at < photo.length; ) {
    const markerAt = skipFill(photo, at);
    const marker = photo[markerAt];
    if (markerAt === at || marker === undefined) return undefined;
    if (marker === endOfImage) {
      kept.push(photo.subarray(markerAt - 1, markerAt + 1));
      return hasScan ? Buffer.concat(kept) : undefined;
    }
    const segment = readSegment(photo, markerAt);
    if (segment === undefined) return undefined;
    kept.push(...keptOf(marker, segment));
    at = markerAt - 1 + segment.length;
    if (marker !== startOfScan) continue;
    hasScan = true;
    const end = endOfScan(photo, at);
    kept.push(photo.subarray(at, end));
    at = end;
  }
  return hasScan ? Buffer.concat(kept) : undefined;
}

/** Any number of 0xff may precede a marker's second byte; gives its offset, or `at` where there is no marker. */
function skipFill(photo: Buffer, at: number): number {
  let place = at;
  while (photo[place] === 0xff) place += 1;
  return place;
}

/** With its marker; undefined for a marker without a length, or a segment longer than the file. */
function readSegment(photo: Buffer, markerAt: number): Buffer | undefined {
  const marker = photo[markerAt] ?? 0;
  const hasLength =
    (isNeeded(marker) && !isRestart(marker) && marker !== startOfImage) ||
    isApplication(marker) ||
    isComment(marker);
  if (!hasLength || markerAt + 3 > photo.length) return undefined;
  const length = photo.readUInt16BE(markerAt + 1);
  const end = markerAt + 1 + length;
  return length < 2 || end > photo.length ? undefined : photo.subarray(markerAt - 1, end);
}

function keptOf(marker: number, segment: Buffer): Buffer[] {
  if (isNeeded(marker)) return [segment];
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

/** Coded data go on up to a marker that is neither a restart nor a stuffed byte. */
function endOfScan(photo: Buffer, from: number): number {
  for (let at = photo.indexOf(0xff, from); at !== -1; at = photo.indexOf(0xff, at + 1)) {
    const next = photo[at + 1];
    if (next === undefined) break;
    if (next !== 0 && next !== 0xff && !isRestart(next)) return at;
  }
  return photo.length;
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
