/** An entry of a tar file that a test writes; whatever is given stands in place of what would be right. */
export interface TarPart {
  readonly name: string | Buffer;
  readonly content?: Buffer | string;
  /** Default: `0`, a file. */
  readonly type?: string;
  /** Records of a PAX header before it. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Its name in an entry of GNU's before it. */
  readonly longName?: string;
  readonly prefix?: string;
  /** Default: `ustar`; GNU's is `ustar  `; none is that of Unix V7. */
  readonly magic?: string;
  readonly size?: number;
  /** The size as a whole number of 12 bytes, as GNU writes large ones. */
  readonly hasBinarySize?: boolean;
  readonly checksum?: number;
}

const block = 512;
export const tarEnd = Buffer.alloc(2 * block);

/** The bytes of a tar file. @param end default: two blocks of zeros */
export const makeTar = (parts: readonly TarPart[], end: Buffer = tarEnd) =>
  Buffer.concat([...parts.flatMap(partBytes), end]);

function partBytes(part: TarPart): Buffer[] {
  const before: Buffer[] = [];
  if (part.pax) before.push(...partBytes({ name: 'PaxHeaders/x', type: 'x', content: paxRecords(part.pax) }));
  if (part.longName)
    before.push(
      ...partBytes({ name: '././@LongLink', type: 'L', content: `${part.longName}\0`, magic: 'ustar  ' }),
    );
  const content = Buffer.from(part.content ?? 'photo');
  const isEmpty = part.content === undefined && part.type !== undefined && !'0x7'.includes(part.type);
  const body = isEmpty ? Buffer.alloc(0) : content;
  const padding = Buffer.alloc((block - (body.length % block)) % block);
  return [...before, header(part, body.length), body, padding];
}

function header(part: TarPart, length: number): Buffer {
  const { type = '0', magic = 'ustar\x0000', prefix = '', size = length } = part;
  const bytes = Buffer.alloc(block);
  Buffer.from(part.name).copy(bytes, 0, 0, 100);
  bytes.write('0000644\x000000000\x000000000\0', 100, 'latin1');
  if (part.hasBinarySize) {
    bytes[124] = 0x80;
    bytes.writeBigUInt64BE(BigInt(size), 128);
  } else bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  bytes.write('14000000000\0', 136, 'latin1');
  bytes.write(type, 156, 'latin1');
  bytes.write(magic, 257, 'latin1');
  bytes.write(prefix, 345, 'utf8');
  bytes.fill(0x20, 148, 156);
  const sum = part.checksum ?? bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

export function paxRecords(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + String(rest).length;
    if (String(length).length + rest !== length) length = String(length).length + rest;
    return `${length} ${key}=${value}\n`;
  });
  return Buffer.from(lines.join(''));
}
