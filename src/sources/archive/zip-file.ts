import { promisify } from 'node:util';
import { constants, crc32, inflateRaw } from 'node:zlib';
import { type ArchiveBytes, createWindow } from './archive-bytes.ts';
import { type ArchiveEntry, type ArchiveFile, damagedArchive, type EntryBytes } from './archive-file.ts';
import { directoryMark, findZipEnd, localMark, type ZipEnd } from './zip-end.ts';
import {
  deflated,
  directoryHeaderSize,
  localHeaderSize,
  readZipEntry,
  sizeOfRest,
  type ZipEntry,
} from './zip-entry.ts';

const inflate = promisify(inflateRaw);

/** @throws UsageError if it is none, or not whole */
export async function openZipFile(bytes: ArchiveBytes, address: string): Promise<ArchiveFile> {
  const end = await findZipEnd(bytes, address);
  const readNear = createWindow(bytes);

  async function entryAt(position: number, signal: AbortSignal): Promise<ZipEntry | undefined> {
    if (position < end.directoryStart || position + directoryHeaderSize > end.directoryEnd) return undefined;
    const header = await readNear(position, directoryHeaderSize, signal);
    if (header.length < directoryHeaderSize || header.readUInt32LE(0) !== directoryMark) return undefined;
    const size = directoryHeaderSize + sizeOfRest(header);
    if (position + size > end.directoryEnd) return undefined;
    return readZipEntry(await readNear(position, size, signal), { position, shift: end.shift });
  }

  return {
    entryAt,
    async *entries({ from, signal }) {
      let position = from ?? end.directoryStart;
      let count = 0;
      while (position < end.directoryEnd) {
        signal.throwIfAborted();
        const entry = await entryAt(position, signal);
        if (entry === undefined) throw damagedArchive(address, `its directory ends after ${count} entries`);
        count += 1;
        position = entry.next;
        yield entry;
      }
      if (from === undefined) checkCount(count, end, address);
    },
    async read(entry, signal) {
      const found = entry as ZipEntry;
      const packed = await readPacked(found, { bytes, end, signal });
      if ('problem' in packed) return packed;
      return unpack(packed, found);
    },
    async readBeginning(entry, signal) {
      const packed = await readPacked(entry as ZipEntry, { bytes, end, signal, most: beginningInBytes });
      if ('problem' in packed || !isDeflated(entry)) return 'problem' in packed ? undefined : packed;
      const sync = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: entry.sizeInBytes + 1 };
      return inflate(packed, sync).catch(() => undefined);
    },
  };
}

const isDeflated = (entry: ArchiveEntry) => (entry as ZipEntry).method === deflated;

/** Packed, a multiple of what tells an image. */
const beginningInBytes = 512;
/** The local header may have other extra fields than the directory: so many bytes more are read with the photo. */
const roomForExtra = 256;

/** Programs without ZIP64 write the last 16 bits of a larger number. */
function checkCount(count: number, end: ZipEnd, address: string): void {
  if (end.isZip64 ? count === end.count : (count & 0xffff) === end.count) return;
  throw damagedArchive(address, `its directory holds ${count} entries and names ${end.count}`);
}

/** The bytes behind an entry's own header, once that says the same as the directory: else they may be another's. */
async function readPacked(
  entry: ZipEntry,
  options: { bytes: ArchiveBytes; end: ZipEnd; signal: AbortSignal; most?: number },
): Promise<EntryBytes> {
  const { bytes, end, signal, most = Number.POSITIVE_INFINITY } = options;
  const wanted = Math.min(entry.packedSizeInBytes, most);
  const head = localHeaderSize + entry.rawName.length;
  const read = await bytes.read(entry.headerAt, head + roomForExtra + wanted, signal);
  const isThere = read.length >= head && entry.headerAt + head <= end.directoryStart;
  const problem = isThere ? differenceOf(read, entry) : 'lies outside of the file';
  if (problem !== undefined) return { problem };
  const start = head + read.readUInt16LE(28);
  if (entry.headerAt + start + entry.packedSizeInBytes > end.directoryStart)
    return { problem: 'reaches into the directory of the file' };
  if (start + wanted <= read.length) return read.subarray(start, start + wanted);
  return bytes.read(entry.headerAt + start, wanted, signal);
}

/** Sizes and checksum follow the data, and are in the directory. */
const hasDescriptor = 0x8;

function differenceOf(local: Buffer, entry: ZipEntry): string | undefined {
  const name = local.subarray(localHeaderSize, localHeaderSize + local.readUInt16LE(26));
  const flags = local.readUInt16LE(6);
  const isKnownLater = (flags & hasDescriptor) !== 0;
  const isSize = (at: number, size: number) => [size, 0xffffffff].includes(local.readUInt32LE(at));
  const isSame =
    local.readUInt32LE(0) === localMark &&
    name.equals(entry.rawName) &&
    local.readUInt16LE(8) === entry.method &&
    ((flags ^ entry.flags) & 1) === 0 &&
    (isKnownLater ||
      (local.readUInt32LE(14) === entry.crc &&
        isSize(18, entry.packedSizeInBytes) &&
        isSize(22, entry.sizeInBytes)));
  return isSame
    ? undefined
    : 'is another file by its own header than by the directory: the archive file is damaged';
}

async function unpack(packed: Buffer, entry: ZipEntry): Promise<EntryBytes> {
  const { sizeInBytes } = entry;
  if (packed.length < entry.packedSizeInBytes)
    return { problem: 'ends too early: the archive file is cut off' };
  const opened = isDeflated(entry) ? await inflateWhole(packed, sizeInBytes) : packed;
  if ('problem' in opened) return opened;
  if (opened.length !== sizeInBytes)
    return { problem: `is ${opened.length} bytes long and not ${sizeInBytes}, as the archive file says` };
  return crc32(opened) === entry.crc
    ? opened
    : { problem: 'has another checksum than the archive file says: it is damaged' };
}

async function inflateWhole(packed: Buffer, sizeInBytes: number): Promise<EntryBytes> {
  try {
    return await inflate(packed, { maxOutputLength: Math.max(1, sizeInBytes) });
  } catch (error) {
    const isLonger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return {
      problem: isLonger
        ? `holds more than the ${sizeInBytes} bytes that it says: it may be a zip bomb`
        : 'cannot be unpacked: it is damaged',
    };
  }
}
