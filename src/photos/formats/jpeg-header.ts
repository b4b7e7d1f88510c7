import type { PlainHeader } from '../photo.ts';
import { readExifOrientation } from './exif-orientation.ts';
import { isApplication, isComment, type JpegSegment, readJpegHead, startOfScan } from './jpeg-segments.ts';

/** Markers by ITU-T T.81, table B.1. */
const huffmanTables = 0xc4;
const quantizationTables = 0xdb;
const restartInterval = 0xdd;
const app1 = 0xe1;
const app2 = 0xe2;

/** The largest that libjpeg reads, in pixels. */
const longestSide = 65_500;

/**
 * The header of a JPEG with 8 bits and one or three components in which libjpeg finds no fault (its jdmarker.c), and that
 * libvips takes for nothing but a JPEG (one of several pictures may be more). Undefined for every other: libvips decides.
 */
export function readJpegHeader(photo: Buffer): PlainHeader | undefined {
  const segments = readJpegHead(photo) ?? [];
  const [frame, ...otherFrames] = segments.filter(isFrame);
  if (!frame || otherFrames.length > 0 || !isPlainFrame(frame.bytes)) return undefined;
  if (!segments.every((segment) => isSound(segment, frame))) return undefined;
  const [exif, ...otherExifs] = segments.filter(isExif);
  const orientation = exif ? readExifOrientation(exif.bytes.subarray(4)) : 1;
  if (orientation === undefined || otherExifs.length > 0) return undefined;
  return { width: frame.bytes.readUInt16BE(7), height: frame.bytes.readUInt16BE(5), orientation };
}

/** Baseline, extended and progressive, with Huffman codes. */
const isFrame = ({ marker }: JpegSegment) => marker === 0xc0 || marker === 0xc1 || marker === 0xc2;

const isExif = ({ marker, bytes }: JpegSegment) => marker === app1 && begins(bytes, 'Exif');

const begins = (segment: Buffer, name: string) => segment.toString('latin1', 4, 4 + name.length) === name;

function isPlainFrame(frame: Buffer): boolean {
  const count = frame[9] ?? 0;
  const isPlain = frame[4] === 8 && (count === 1 || count === 3) && frame.length === 10 + 3 * count;
  if (!isPlain) return false;
  const sides = [frame.readUInt16BE(5), frame.readUInt16BE(7)];
  const factors = Array.from({ length: count }, (_, index) => frame[11 + 3 * index] ?? 0);
  return (
    sides.every((side) => side > 0 && side <= longestSide) &&
    factors.flatMap((both) => [both >> 4, both & 0x0f]).every((factor) => factor > 0 && factor <= 4)
  );
}

/** Whether libjpeg reads it without an error. */
function isSound({ marker, bytes }: JpegSegment, frame: JpegSegment): boolean {
  switch (marker) {
    case huffmanTables:
      return areHuffmanTables(bytes);
    case quantizationTables:
      return areQuantizationTables(bytes);
    case restartInterval:
      return bytes.length === 6;
    case startOfScan:
      return isScanOf(frame.bytes, bytes);
    case app2:
      return !begins(bytes, 'MPF');
    default:
      return marker === frame.marker || (marker !== 'data' && (isApplication(marker) || isComment(marker)));
  }
}

/** Each: a class and number, how many codes there are of each length, and their symbols. */
function areHuffmanTables(segment: Buffer): boolean {
  let at = 4;
  while (at + 17 <= segment.length) {
    const isNumber = ((segment[at] ?? 0) & 0xef) <= 3;
    const symbols = segment.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    if (!isNumber || symbols > 256) return false;
    at += 17 + symbols;
  }
  return at === segment.length;
}

/** Each: a precision and number, and 64 values of one or two bytes. */
function areQuantizationTables(segment: Buffer): boolean {
  let at = 4;
  while (at < segment.length) {
    const head = segment[at] ?? 0;
    if ((head & 0x0f) > 3) return false;
    at += 1 + (head >> 4 === 0 ? 64 : 128);
  }
  return at === segment.length;
}

/** Its components are the frame's, in the frame's order. */
function isScanOf(frame: Buffer, scan: Buffer): boolean {
  const count = scan[4] ?? 0;
  if (count < 1 || count > 4 || scan.length !== 8 + 2 * count) return false;
  const ids = [10, 13, 16].map((at) => frame[at]);
  const places = Array.from({ length: count }, (_, index) => ids.indexOf(scan[5 + 2 * index]));
  return places.every((place, index) => place > (places[index - 1] ?? -1));
}
