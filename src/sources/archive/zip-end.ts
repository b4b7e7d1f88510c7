import { UsageError } from '../../util/errors.ts';
import type { ArchiveBytes } from './archive-bytes.ts';
import { damagedArchive } from './archive-file.ts';

/** Where the directory of a zip file is. */
export interface ZipEnd {
  readonly directoryStart: number;
  readonly directoryEnd: number;
  /** How many entries it says it has; without ZIP64 only the last 16 bits of it. */
  readonly count: number;
  readonly isZip64: boolean;
  /** What lies before the file, such as a program that unpacks it: all places are so much further. */
  readonly shift: number;
}

const endSize = 22;
const locatorSize = 20;
const end64Size = 56;
const longestComment = 0xffff;
const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const locatorMark = 0x07064b50;
export const directoryMark = 0x02014b50;
/** Before the bytes of each entry. */
export const localMark = 0x04034b50;

/**
 * Finds the directory by the record at the end (APPNOTE 4.3.14 to 4.3.16). The comment behind that record may hold another
 * one, and programs differ in which they take: then none is.
 */
export async function findZipEnd(bytes: ArchiveBytes, address: string): Promise<ZipEnd> {
  const { sizeInBytes } = bytes;
  const tailStart = Math.max(0, sizeInBytes - endSize - longestComment);
  const tail = await bytes.read(tailStart, sizeInBytes - tailStart);
  const ends: ZipEnd[] = [];
  for (let at = tail.length - endSize; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== endMark || at + endSize + tail.readUInt16LE(at + 20) !== tail.length)
      continue;
    const end = await readEnd(bytes, {
      record: tail.subarray(at, at + endSize),
      at: tailStart + at,
      address,
    });
    if (end !== undefined) ends.push(end);
  }
  const [end, other] = ends;
  if (end === undefined)
    throw damagedArchive(address, 'it has no directory at its end, as every zip file has');
  if (other !== undefined)
    throw new UsageError(
      'source-ambiguous',
      `${address} has two directories, one of them within a comment: programs differ in which they take. Pack it anew.`,
    );
  if (end.shift > 0 && (await bytes.read(0, 4)).readUInt32LE(0) === localMark)
    throw new UsageError(
      'source-ambiguous',
      `${address} begins with photos that its directory does not name: another zip file lies before it, or it is larger than 4 GiB and was packed without ZIP64. Pack it anew (zip -r), or give the files one by one.`,
    );
  return end;
}

/** Undefined where no directory lies before it. */
async function readEnd(
  bytes: ArchiveBytes,
  { record, at, address }: { record: Buffer; at: number; address: string },
): Promise<ZipEnd | undefined> {
  const short = {
    parts: Math.max(record.readUInt16LE(4), record.readUInt16LE(6)),
    count: record.readUInt16LE(10),
    size: record.readUInt32LE(12),
    offset: record.readUInt32LE(16),
    at,
  };
  const long = await readEnd64(bytes, at);
  if (long === undefined && [short.count, short.size, short.offset].some((value) => value === 0xffffffff))
    return undefined;
  const { parts, count, size, offset, at: directoryEnd } = long ?? short;
  const isPart = long === undefined ? parts > 0 && parts < 0xffff : parts > 0;
  if (isPart) throw inParts(address);
  const directoryStart = directoryEnd - size;
  const shift = directoryStart - offset;
  if (directoryStart < 0 || shift < 0) return undefined;
  if (size > 0) {
    const first = await bytes.read(directoryStart, 4);
    if (first.length < 4 || first.readUInt32LE(0) !== directoryMark) return undefined;
  }
  return { directoryStart, directoryEnd, count, isZip64: long !== undefined, shift };
}

/** The ZIP64 record lies right before its locator, whatever lies before the file. */
async function readEnd64(bytes: ArchiveBytes, endAt: number) {
  const at = endAt - locatorSize - end64Size;
  if (at < 0) return undefined;
  const record = await bytes.read(at, end64Size + locatorSize);
  if (record.readUInt32LE(end64Size) !== locatorMark || record.readUInt32LE(0) !== end64Mark)
    return undefined;
  return {
    parts: Math.max(
      record.readUInt32LE(16),
      record.readUInt32LE(20),
      record.readUInt32LE(end64Size + 16) - 1,
    ),
    count: Number(record.readBigUInt64LE(32)),
    size: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
    at,
  };
}

const inParts = (address: string) =>
  new UsageError(
    'source-in-parts',
    `${address} is the last part of a zip file in several parts (.z01, .z02, …), which cannot be read: join them with zip -s 0 ${address} --out whole.zip, and give that.`,
  );
