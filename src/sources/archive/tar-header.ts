import { isUtf8 } from 'node:buffer';

/** One block of a tar file that begins an entry. Sizes are of what follows it, without the padding to a whole block. */
export interface TarHeader {
  readonly type: string;
  readonly rawName: Buffer;
  readonly sizeInBytes: number;
  readonly modifiedAt: number;
  /** GNU's old form of a file with holes: blocks with their places follow. */
  readonly hasMoreBlocks: boolean;
}

export const blockSize = 512;

/** Sizes are padded to whole blocks. */
export const paddedSize = (sizeInBytes: number) => Math.ceil(sizeInBytes / blockSize) * blockSize;

export const isZeroBlock = (block: Buffer) => block.every((byte) => byte === 0);

/** Undefined for what is no header: its checksum is wrong, or its size cannot be read. */
export function readTarHeader(block: Buffer): TarHeader | undefined {
  const sizeInBytes = readNumber(block.subarray(124, 136));
  if (!hasItsChecksum(block) || sizeInBytes === undefined) return undefined;
  const prefix = isUstar(block) ? textOf(block.subarray(345, 500)) : Buffer.alloc(0);
  const name = textOf(block.subarray(0, 100));
  return {
    type: String.fromCharCode(block[156] ?? 0),
    rawName: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    sizeInBytes,
    modifiedAt: readNumber(block.subarray(136, 148)) ?? 0,
    hasMoreBlocks: block[482] === 1,
  };
}

const isUstar = (block: Buffer) => block.toString('latin1', 257, 263) === 'ustar\0';

function textOf(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** The sum of its bytes, those of the sum itself as blanks; old programs counted bytes from 128 on as negative. */
function hasItsChecksum(block: Buffer): boolean {
  let unsigned = 8 * 32;
  let signed = unsigned;
  for (let at = 0; at < blockSize; at += 1) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const stated = readNumber(block.subarray(148, 156));
  return stated === unsigned || stated === signed;
}

/** Octal digits, between blanks and NULs; or, with the first bit set, a whole number of as many bytes (GNU). */
function readNumber(field: Buffer): number | undefined {
  const first = field[0] ?? 0;
  if (first >= 128) {
    let value = first & 0x3f;
    if (first !== 128) return undefined;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = textOf(field).toString('latin1').trim();
  return /^[0-7]*$/u.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}

/** Records of a PAX header: `length key=value\n`, the length counted in bytes. Undefined where they do not fit. */
export function readPaxRecords(bytes: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0 && isZeroBlock(bytes.subarray(at))) break;
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space);
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (!/^[1-9]\d{0,8}$/u.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a) return undefined;
    if (equals < 0 || equals >= end) return undefined;
    records.set(bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** A name that is not UTF-8 gets a mark of that (U+FFFD). */
export const decodeName = (bytes: Buffer) =>
  isUtf8(bytes) ? bytes.toString('utf8') : `${bytes.toString('utf8')}\ufffd`;
