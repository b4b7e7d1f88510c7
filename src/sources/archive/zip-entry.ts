import { isUtf8 } from 'node:buffer';
import yauzl from 'yauzl';
import type { ArchiveEntry } from './archive-file.ts';
import { readEntryPath } from './entry-path.ts';

/** An entry of a zip file's directory. */
export interface ZipEntry extends ArchiveEntry {
  readonly rawName: Buffer;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly packedSizeInBytes: number;
  /** Of its own header, from the beginning of the file. */
  readonly headerAt: number;
}

export const directoryHeaderSize = 46;
export const localHeaderSize = 30;

/** Methods other than these two are not read (APPNOTE 4.4.5). */
export const stored = 0;
export const deflated = 8;
const methodNames: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  96: 'JPEG',
  98: 'PPMd',
  99: 'AES encryption',
};

/** Names, extra fields and comments follow the header. */
export const sizeOfRest = (header: Buffer) =>
  header.readUInt16LE(28) + header.readUInt16LE(30) + header.readUInt16LE(32);

/**
 * @param header of the directory, with what follows it
 * @param options.position of that header, from the beginning of the file
 */
export function readZipEntry(
  header: Buffer,
  { position, shift }: { position: number; shift: number },
): ZipEntry {
  const nameEnd = directoryHeaderSize + header.readUInt16LE(28);
  const rawName = header.subarray(directoryHeaderSize, nameEnd);
  const extra = readExtra(header.subarray(nameEnd, nameEnd + header.readUInt16LE(30)));
  const flags = header.readUInt16LE(8);
  const method = header.readUInt16LE(10);
  const host = header[5] ?? 0;
  const sizes = readSizes(header, extra);
  const isFolder = rawName.at(-1) === 0x2f;
  const named = readEntryPath(nameOf(rawName, { flags, host, extra: extra ?? [] }));
  const crc = header.readUInt32LE(16);
  const headerAt = (sizes?.offset ?? 0) + shift;
  const packedSizeInBytes = sizes?.packed ?? 0;
  const sizeInBytes = sizes?.size ?? 0;
  const problem =
    named.problem ??
    (extra === undefined ? 'has extra fields that are damaged' : undefined) ??
    (sizes === undefined ? 'has no sizes' : undefined) ??
    problemOf({ flags, method, packedSizeInBytes, sizeInBytes, disk: header.readUInt16LE(34) }) ??
    (isLink(host, header.readUInt32LE(38)) ? 'is a link, which is not followed' : undefined);
  return {
    path: named.path,
    isFolder,
    hasBadName: named.problem !== undefined,
    ...(problem !== undefined && { problem }),
    version: `${crc.toString(16).padStart(8, '0')}-${sizeInBytes}`,
    sizeInBytes,
    position,
    next: position + directoryHeaderSize + sizeOfRest(header),
    range: [headerAt, headerAt + localHeaderSize + rawName.length + packedSizeInBytes],
    rawName,
    method,
    flags,
    crc,
    packedSizeInBytes,
    headerAt,
  };
}

type Extra = readonly { readonly id: number; readonly data: Buffer }[];

/** Undefined where they do not fit into each other. */
function readExtra(bytes: Buffer): Extra | undefined {
  try {
    return yauzl.parseExtraFields(bytes);
  } catch {
    return undefined;
  }
}

const unix = 3;
const macOs = 19;
const unicodeFlag = 0x800;

/**
 * A name is UTF-8 where the entry says so (flag, or Info-ZIP's field 0x7075), else CP437 as the format has it; but programs
 * of Unix and macOS write UTF-8 and do not say it.
 */
function nameOf(
  rawName: Buffer,
  { flags, host, extra }: { flags: number; host: number; extra: Extra },
): string {
  const isSilent =
    (host === unix || host === macOs) && isUtf8(rawName) && !extra.some(({ id }) => id === 0x7075);
  return yauzl.getFileNameLowLevel(isSilent ? flags | unicodeFlag : flags, rawName, [...extra], true);
}

/** Sizes and place; where they do not fit they are in the ZIP64 field, in this order. */
function readSizes(header: Buffer, extra: Extra | undefined) {
  const values = {
    size: header.readUInt32LE(24),
    packed: header.readUInt32LE(20),
    offset: header.readUInt32LE(42),
  };
  const data = extra?.find(({ id }) => id === 1)?.data;
  let at = 0;
  for (const name of ['size', 'packed', 'offset'] as const) {
    if (values[name] !== 0xffffffff) continue;
    if (data === undefined || data.length < at + 8) return undefined;
    values[name] = Number(data.readBigUInt64LE(at));
    at += 8;
  }
  return values;
}

/** A photo is packed to a half at best, a drawing or an empty BMP to a hundredth; the bombs of this method to a thousandth. */
const highestRatio = 200;
const smallSizeInBytes = 1024 * 1024;

function problemOf({
  flags,
  method,
  packedSizeInBytes: packed,
  sizeInBytes: size,
  disk,
}: {
  flags: number;
  method: number;
  packedSizeInBytes: number;
  sizeInBytes: number;
  disk: number;
}): string | undefined {
  if ((flags & 0x2041) !== 0 || method === 99) return 'is encrypted; pack it without a password';
  if (disk !== 0 && disk !== 0xffff) return 'lies in another part of a zip file in several parts';
  if (method === stored && packed !== size)
    return 'is said to be stored as it is, in another size than its own';
  if (method !== stored && method !== deflated)
    return `is packed with ${methodNames[method] ?? `the method ${method}`}, which is not read; pack it with Deflate or Store`;
  if (size > smallSizeInBytes && size > packed * highestRatio)
    return `would be ${Math.round(size / Math.max(1, packed))} times as large unpacked, which no photo is: it may be a zip bomb`;
  return undefined;
}

/** What kind of file it was on Unix stands in the upper half (Info-ZIP). */
function isLink(host: number, attributes: number): boolean {
  return (host === unix || host === macOs) && ((attributes >>> 16) & 0o170000) === 0o120000;
}
