import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip file that a test writes; whatever is given stands in place of what would be right. */
export interface ZipPart {
  readonly name: string | Buffer;
  readonly content?: Buffer | string;
  /** Default: 0, stored; 8 is packed. */
  readonly method?: number;
  /** Default: UTF-8. */
  readonly flags?: number;
  /** 0: DOS, 3: Unix. */
  readonly host?: number;
  readonly attributes?: number;
  readonly extra?: Buffer;
  readonly crc?: number;
  readonly size?: number;
  readonly packed?: Buffer;
  readonly disk?: number;
  /** Of the local header alone. */
  readonly local?: { readonly name?: string; readonly crc?: number; readonly extra?: Buffer };
  /** The place of an earlier part whose bytes this one shares. */
  readonly at?: number;
}

export interface ZipOptions {
  readonly comment?: Buffer | string;
  /** Lies before it, as the program of a self-extracting file does; places count from behind it. */
  readonly before?: Buffer;
  readonly isZip64?: boolean;
  /** What the end says, in place of what is right. */
  readonly end?: { readonly count?: number; readonly disk?: number };
}

/** The bytes of a zip file. */
export function makeZip(parts: readonly ZipPart[], options: ZipOptions = {}): Buffer {
  const { before = Buffer.alloc(0), comment = '', isZip64 = false, end = {} } = options;
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const made = fieldsOf(part);
    const place = part.at ?? at;
    directory.push(directoryHeader(part, { ...made, place, isZip64 }));
    if (part.at !== undefined) continue;
    const bytes = localHeader(part, made);
    local.push(bytes, made.packed);
    at += bytes.length + made.packed.length;
  }
  const index = Buffer.concat(directory);
  const count = end.count ?? parts.length;
  const tail = isZip64
    ? [
        end64(count, index.length, at),
        endRecord({ count: 0xffff, size: 0xffffffff, at: 0xffffffff, comment }),
      ]
    : [endRecord({ count, size: index.length, at, comment, disk: end.disk ?? 0 })];
  return Buffer.concat([before, ...local, index, ...tail]);
}

function fieldsOf({ name, content = 'photo', method = 0, packed, size, crc, flags = 0x800 }: ZipPart) {
  const bytes = Buffer.from(content);
  return {
    rawName: Buffer.from(name),
    flags,
    method,
    packed: packed ?? (method === 8 ? deflateRawSync(bytes) : bytes),
    size: size ?? bytes.length,
    crc: crc ?? crc32(bytes),
  };
}

type Fields = ReturnType<typeof fieldsOf>;

function localHeader({ local = {}, extra = Buffer.alloc(0) }: ZipPart, made: Fields): Buffer {
  const name = Buffer.from(local.name ?? made.rawName);
  const ownExtra = local.extra ?? extra;
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(made.flags, 6);
  header.writeUInt16LE(made.method, 8);
  header.writeUInt32LE(local.crc ?? made.crc, 14);
  header.writeUInt32LE(made.packed.length, 18);
  header.writeUInt32LE(made.size, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(ownExtra.length, 28);
  return Buffer.concat([header, name, ownExtra]);
}

function directoryHeader(part: ZipPart, made: Fields & { place: number; isZip64: boolean }): Buffer {
  const { host = 0, attributes = 0, disk = 0 } = part;
  const long = Buffer.alloc(28);
  long.writeUInt16LE(1, 0);
  long.writeUInt16LE(24, 2);
  for (const [place, value] of [made.size, made.packed.length, made.place].entries())
    long.writeBigUInt64LE(BigInt(value), 4 + place * 8);
  const extra = Buffer.concat([part.extra ?? Buffer.alloc(0), made.isZip64 ? long : Buffer.alloc(0)]);
  const short = (value: number) => (made.isZip64 ? 0xffffffff : value);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header[5] = host;
  header.writeUInt16LE(made.flags, 8);
  header.writeUInt16LE(made.method, 10);
  header.writeUInt32LE(made.crc, 16);
  header.writeUInt32LE(short(made.packed.length), 20);
  header.writeUInt32LE(short(made.size), 24);
  header.writeUInt16LE(made.rawName.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt16LE(disk, 34);
  header.writeUInt32LE(attributes, 38);
  header.writeUInt32LE(short(made.place), 42);
  return Buffer.concat([header, made.rawName, extra]);
}

export function endRecord(options: {
  count: number;
  size: number;
  at: number;
  comment?: Buffer | string;
  disk?: number;
}): Buffer {
  const { count, size, at, comment = '', disk = 0 } = options;
  const bytes = Buffer.from(comment);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(disk, 4);
  end.writeUInt16LE(disk, 6);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(bytes.length, 20);
  return Buffer.concat([end, bytes]);
}

function end64(count: number, size: number, at: number): Buffer {
  const record = Buffer.alloc(76);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(at), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(at + size), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

/** Info-ZIP's field with the name in UTF-8. */
export function unicodeName(rawName: Buffer, name: string): Buffer {
  const text = Buffer.from(name);
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + text.length, 2);
  field[4] = 1;
  field.writeUInt32LE(crc32(rawName), 5);
  return Buffer.concat([field, text]);
}
