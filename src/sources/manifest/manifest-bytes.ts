import { isS3Address } from '../../storage/s3/s3-address.ts';
import { UsageError } from '../../util/errors.ts';
import type { Source } from '../source.ts';

/** Where a manifest is: a file, or an object on S3. */
export interface ManifestPlace {
  /** Absolute path or address, for people and as the source's own. */
  readonly address: string;
  /** Relative photos begin here: an absolute path, or `s3://bucket/` with the manifest's prefix and a slash. */
  readonly folder: string;
  /**
   * Opens it for one reading.
   * @throws UsageError if it is not there or may not be read
   */
  open(signal: AbortSignal): Promise<ManifestBytes>;
}

/** The bytes of an open manifest. */
export interface ManifestBytes {
  readonly sizeInBytes: number;
  /** Short text that changes with the content; absent where there is none. */
  readonly mark?: string | undefined;
  /** Changes with the content, as far as can be seen: size and time of a file, ETag of an object; absent for bytes in memory. */
  version?(): Promise<string | undefined>;
  /**
   * Bytes from a position on: at least one, unless it is the end, and no more than asked for.
   * @throws UsageError if the manifest has changed
   */
  read(position: number, sizeInBytes: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** All bytes of a range; fewer only at the end. */
export async function readRange(
  bytes: ManifestBytes,
  { offset, sizeInBytes }: { offset: number; sizeInBytes: number },
): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = sizeInBytes; left > 0; ) {
    const part = await bytes.read(offset + sizeInBytes - left, left);
    if (part.length === 0) break;
    parts.push(part);
    left -= part.length;
  }
  return Buffer.concat(parts);
}

const chunkSizeInBytes = 256 * 1024;

/** The bytes from an offset to the end, a chunk at a time. */
export async function* chunksFrom(
  bytes: ManifestBytes,
  { offset, signal }: { offset: number; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  for (let position = offset; ; ) {
    signal.throwIfAborted();
    const chunk = await bytes.read(position, chunkSizeInBytes);
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
}

/** A manifest's photos may not leave its folder, unless that is permitted; one on S3 names no local photos at all. */
export function rootFolderOf({ folder }: ManifestPlace, isAnywhere: boolean): Pick<Source, 'rootFolder'> {
  return isAnywhere || isS3Address(folder) ? {} : { rootFolder: folder };
}

/** The version of a manifest as it is now; undefined where it cannot be read. */
export async function versionOf(manifest: ManifestPlace, signal: AbortSignal): Promise<string | undefined> {
  const bytes = await manifest.open(signal).catch(() => undefined);
  signal.throwIfAborted();
  try {
    return await bytes?.version?.();
  } finally {
    await bytes?.close();
  }
}

/** The last bytes show whether a manifest was cut off: in the middle of a line, of a quoted field, of a character. */
export async function endOf(bytes: ManifestBytes): Promise<{ hasLineEnd: boolean; isInCharacter: boolean }> {
  const { sizeInBytes } = bytes;
  const offset = Math.max(0, sizeInBytes - 4);
  const last = await readRange(bytes, { offset, sizeInBytes: sizeInBytes - offset });
  return describeEnd(last);
}

/** @param last the last four bytes, or all there are */
export function describeEnd(last: Buffer): { hasLineEnd: boolean; isInCharacter: boolean } {
  const byte = last.at(-1);
  const hasLineEnd = byte === undefined || byte === 0x0a || byte === 0x0d || byte === 0x1a;
  // The beginning of a character of two to four bytes, and not all of them.
  const start = last.findLastIndex((each) => (each & 0xc0) !== 0x80);
  const lead = last[start] ?? 0;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return { hasLineEnd, isInCharacter: start >= 0 && start + size > last.length };
}

/** For a manifest whose last row is not whole: what follows it, and whether anything does, nobody knows. */
export function cutOffSource(address: string, where: string): UsageError {
  return new UsageError(
    'source-cut-off',
    `${address} is cut off: it ends in the middle of ${where}. Give the whole of it, then start the same command again; it goes on where it stopped.`,
  );
}
