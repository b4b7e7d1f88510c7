import { UsageError } from '../../util/errors.ts';
import { type ArchiveEntry, damagedArchive } from './archive-file.ts';
import { readEntryPath } from './entry-path.ts';
import {
  blockSize,
  decodeName,
  isZeroBlock,
  paddedSize,
  readPaxRecords,
  readTarHeader,
  type TarHeader,
} from './tar-header.ts';

/** The bytes of a tar file, read forward. */
export interface ForwardBytes {
  readonly position: number;
  /** The next bytes; fewer only at the end. */
  take(sizeInBytes: number): Promise<Buffer>;
  /** Goes on at a place further on. */
  skipTo(position: number): void;
}

/** @param read gives all bytes of a range; fewer only at the end */
export function forwardFrom(
  from: number,
  read: (position: number, sizeInBytes: number) => Promise<Buffer>,
): ForwardBytes {
  let position = from;
  return {
    get position() {
      return position;
    },
    async take(sizeInBytes) {
      const taken = await read(position, sizeInBytes);
      position += taken.length;
      return taken;
    },
    skipTo(place) {
      position = place;
    },
  };
}

interface Extended {
  records: ReadonlyMap<string, Buffer>;
  name?: Buffer;
}

/** Names and records of an entry; the longest that any program writes are far shorter. */
const largestExtension = 1024 * 1024;

/**
 * The entries of a tar file (POSIX ustar and pax, GNU, the old form of Unix V7), from a place where one begins. After
 * each the forward bytes stand at its own, which may be taken.
 * @throws UsageError where it is damaged or cut off: a tar file without its end (two blocks of zeros) is not whole; and where
 * another one follows
 */
export async function* tarEntries(bytes: ForwardBytes, address: string): AsyncGenerator<ArchiveEntry> {
  let extended: Extended = { records: new Map() };
  let position = bytes.position;
  const damaged = (what: string) => damagedArchive(address, `${what} at byte ${position}`);
  for (;;) {
    const at = bytes.position;
    const block = await bytes.take(blockSize);
    if (block.length < blockSize)
      throw damaged('it ends without the blocks of zeros that end every tar file,');
    if (isZeroBlock(block)) {
      const next = await bytes.take(blockSize);
      if (!isZeroBlock(next)) throw damaged('a block of zeros stands in the middle,');
      const other = await findHeader(bytes);
      if (other !== undefined) throw twoTarFiles(address, other);
      return;
    }
    const header = readTarHeader(block);
    if (header === undefined) throw damaged('what should begin an entry is none,');
    if ('xgLKXN'.includes(header.type)) {
      if (header.sizeInBytes > largestExtension) throw damaged('a header is too long,');
      const body = await bytes.take(header.sizeInBytes);
      if (body.length < header.sizeInBytes) throw damaged('it ends in a header,');
      bytes.skipTo(at + blockSize + paddedSize(header.sizeInBytes));
      const records = 'xgX'.includes(header.type) ? readPaxRecords(body) : new Map();
      if (records === undefined) throw damaged('a PAX header cannot be read,');
      // Whoever begins to read further on does not see it; in the files of any program it holds a remark.
      if (header.type === 'g' && (records.has('path') || records.has('size')))
        throw damaged('a header for all entries gives their name or size,');
      if (header.type === 'L') extended.name = upToNul(body);
      if (header.type === 'x' || header.type === 'X')
        extended.records = new Map([...extended.records, ...records]);
      continue;
    }
    for (let more = header.type === 'S' && header.hasMoreBlocks; more; ) {
      const places = await bytes.take(blockSize);
      if (places.length < blockSize) throw damaged('it ends in a header,');
      more = places[504] === 1;
    }
    const entry = entryOf(header, { extended, position, dataAt: bytes.position });
    if (entry === undefined) throw damaged('a PAX header names no size,');
    yield entry;
    bytes.skipTo(entry.next);
    position = entry.next;
    extended = { records: new Map() };
  }
}

const restAtOnce = 128 * blockSize;

/** Where another entry begins behind the end. What else fills the last record means nothing; most programs write zeros. */
async function findHeader(bytes: ForwardBytes): Promise<number | undefined> {
  for (;;) {
    const { position } = bytes;
    const rest = await bytes.take(restAtOnce);
    for (let at = 0; at + blockSize <= rest.length; at += blockSize) {
      const block = rest.subarray(at, at + blockSize);
      if (!isZeroBlock(block) && readTarHeader(block)) return position + at;
    }
    if (rest.length < restAtOnce) return undefined;
  }
}

/** One behind the other (`cat a.tar b.tar`): programs read the first alone, unless they are told otherwise. */
const twoTarFiles = (address: string, at: number) =>
  new UsageError(
    'source-ambiguous',
    `${address} holds another tar file behind its end, from byte ${at} on, of which nothing would be read. Pack all into one, or give them one by one.`,
  );

function upToNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

const files = new Set(['0', '\0', '7']);
const withoutBody = new Set(['1', '2', '3', '4', '5', '6']);
const kinds: Readonly<Record<string, string>> = {
  '1': 'is a hard link to another entry, which is not followed',
  '2': 'is a link, which is not followed',
  '3': 'is a device and no file',
  '4': 'is a device and no file',
  '6': 'is a pipe and no file',
  S: 'is a file with holes (sparse), which is not read; pack it without --sparse',
  M: 'goes on from another part of a tar file in several parts',
};

function entryOf(
  header: TarHeader,
  { extended, position, dataAt }: { extended: Extended; position: number; dataAt: number },
): ArchiveEntry | undefined {
  const { type } = header;
  const { records } = extended;
  const size = sizeOf(header, records);
  if (size === undefined) return undefined;
  const name = decodeName(records.get('path') ?? extended.name ?? header.rawName);
  const isFolder = type === '5' || type === 'D' || (files.has(type) && name.endsWith('/'));
  const { path, problem: badName } = readEntryPath(name);
  const isSparse = [...records.keys()].some((key) => key.startsWith('GNU.sparse.'));
  const problem =
    badName ??
    (isSparse ? kinds.S : undefined) ??
    (files.has(type)
      ? undefined
      : (kinds[type] ?? `is of the kind ${JSON.stringify(type)}, which is no file`));
  const end = withoutBody.has(type) ? dataAt : dataAt + paddedSize(size);
  return {
    path,
    isFolder: isFolder || type === 'V',
    hasBadName: badName !== undefined,
    ...(problem !== undefined && { problem }),
    version: `${size}-${header.modifiedAt}`,
    sizeInBytes: size,
    position,
    next: end,
    range: [dataAt, dataAt + size],
  };
}

function sizeOf(header: TarHeader, records: ReadonlyMap<string, Buffer>): number | undefined {
  const text = records.get('size')?.toString('latin1');
  if (text === undefined) return header.sizeInBytes;
  const size = /^\d{1,16}$/u.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}
