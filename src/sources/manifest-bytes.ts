import { isS3Address } from '../storage/s3/s3-address.ts';
import type { Source } from './source.ts';

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
