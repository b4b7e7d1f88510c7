import { crc32 } from 'node:zlib';
import type { ByteFiles } from '../../storage/state/state-store.ts';
import type { LedgerFile } from '../ledger-files.ts';

/** A file of the ledger as it was when its lines were taken into the snapshot. */
export interface CoveredFile {
  readonly path: string;
  readonly sizeInBytes: number;
  /** Of its samples. */
  readonly check: string;
}

const samples = 16;
const sampleBytes = 4096;

/**
 * A checksum over parts of a file of the ledger, its beginning and its end among them: such a file is written whole and
 * never changed, so another one under its name differs from the first lines on. Undefined: it is not there (any more).
 */
export async function checkFile(
  bytes: ByteFiles,
  { path }: Pick<LedgerFile, 'path'>,
): Promise<CoveredFile | undefined> {
  const file = await bytes.open(path);
  if (!file) return undefined;
  try {
    const { sizeInBytes } = file;
    const last = Math.max(0, sizeInBytes - sampleBytes);
    const offsets = new Set(
      Array.from({ length: samples }, (_, n) => Math.floor((last * n) / (samples - 1))),
    );
    let check = 0;
    for (const offset of offsets) {
      const sample = new Uint8Array(Math.min(sampleBytes, sizeInBytes));
      await file.read(sample, offset);
      check = crc32(sample, check);
    }
    return { path, sizeInBytes, check: check.toString(16) };
  } finally {
    await file.close();
  }
}

/** Those of the covered files that are there as they were, by their paths. */
export async function stillThere(
  bytes: ByteFiles,
  { covered, files }: { covered: readonly CoveredFile[]; files: readonly LedgerFile[] },
): Promise<ReadonlySet<string>> {
  const present = new Set(files.map(({ path }) => path));
  const there = new Set<string>();
  for (const file of covered) {
    const now = present.has(file.path) ? await checkFile(bytes, file) : undefined;
    if (now?.sizeInBytes === file.sizeInBytes && now.check === file.check) there.add(file.path);
  }
  return there;
}
