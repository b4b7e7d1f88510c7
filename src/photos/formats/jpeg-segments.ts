/** Markers by ITU-T T.81, table B.1. */
const startOfImage = 0xd8;
const endOfImage = 0xd9;
export const startOfScan = 0xda;

/** Frames (SOF0 to SOF15), tables, restart interval, number of lines: what a decoder needs. */
export const isNeeded = (marker: number) => marker >= 0xc0 && marker <= 0xdf && marker !== 0xc8;
export const isApplication = (marker: number) => marker >= 0xe0 && marker <= 0xef;
export const isComment = (marker: number) => marker === 0xfe;
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;

export interface JpegSegment {
  /** The second byte of its marker; `data` for the coded data behind a scan's beginning. */
  readonly marker: number | 'data';
  /** With its marker. */
  readonly bytes: Buffer;
}

/** The segments of a JPEG from behind its beginning up to and with its end marker, if it has one. */
export interface JpegStructure {
  readonly segments: readonly JpegSegment[];
  readonly hasEnd: boolean;
}

/** Up to and with the beginning of the first scan; undefined where what is before it is not a JPEG's. */
export function readJpegHead(photo: Buffer): readonly JpegSegment[] | undefined {
  if (photo[0] !== 0xff || photo[1] !== startOfImage) return undefined;
  const segments: JpegSegment[] = [];
  for (let at = 2; ; ) {
    const markerAt = skipFill(photo, at);
    const marker = photo[markerAt];
    const bytes = markerAt === at ? undefined : readSegment(photo, markerAt);
    if (marker === undefined || bytes === undefined) return undefined;
    segments.push({ marker, bytes });
    if (marker === startOfScan) return segments;
    at = markerAt - 1 + bytes.length;
  }
}

/** Undefined where the structure is not a JPEG's, or no scan comes. A file that breaks off in a scan has no end. */
export function readJpegStructure(photo: Buffer): JpegStructure | undefined {
  if (photo[0] !== 0xff || photo[1] !== startOfImage) return undefined;
  const segments: JpegSegment[] = [];
  let hasScan = false;
  for (let at = 2; at < photo.length; ) {
    const markerAt = skipFill(photo, at);
    const marker = photo[markerAt];
    if (markerAt === at || marker === undefined) return undefined;
    if (marker === endOfImage) {
      segments.push({ marker, bytes: photo.subarray(markerAt - 1, markerAt + 1) });
      return hasScan ? { segments, hasEnd: true } : undefined;
    }
    const bytes = readSegment(photo, markerAt);
    if (bytes === undefined) return undefined;
    segments.push({ marker, bytes });
    at = markerAt - 1 + bytes.length;
    if (marker !== startOfScan) continue;
    hasScan = true;
    const end = endOfScan(photo, at);
    segments.push({ marker: 'data', bytes: photo.subarray(at, end) });
    at = end;
  }
  return hasScan ? { segments, hasEnd: false } : undefined;
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

/** Coded data go on up to a marker that is neither a restart nor a stuffed byte. */
function endOfScan(photo: Buffer, from: number): number {
  for (let at = photo.indexOf(0xff, from); at !== -1; at = photo.indexOf(0xff, at + 1)) {
    const next = photo[at + 1];
    if (next === undefined) break;
    if (next !== 0 && next !== 0xff && !isRestart(next)) return at;
  }
  return photo.length;
}
