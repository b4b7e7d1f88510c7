import type { Source } from '../source.ts';
import { type ReportOptions, readJsonlRow } from './jsonl-row.ts';
import { checkBeginning, listJsonl } from './list-jsonl.ts';
import {
  chunksFrom,
  type ManifestBytes,
  type ManifestPlace,
  readRange,
  rootFolderOf,
  versionOf,
} from './manifest-bytes.ts';
import { changedSource, changedWhileListed, markListing, positionAfter } from './manifest-position.ts';

/** A JSONL manifest, or the report of an earlier run, which its first line shows. Read as a stream. */
export async function createJsonlSource({
  manifest,
  allowOutside,
  ...reportOptions
}: {
  manifest: ManifestPlace;
  allowOutside: boolean;
} & ReportOptions): Promise<Source> {
  const { address, folder } = manifest;
  const isAnywhere = allowOutside || (await isReport(manifest, reportOptions));
  return {
    address,
    sameSubject: 'repeat',
    ...rootFolderOf(manifest, isAnywhere),
    version: (signal) => versionOf(manifest, signal),
    async *list({ after, signal, onEnd }) {
      signal.throwIfAborted();
      const begun = positionAfter(after, address);
      const bytes = await manifest.open(signal);
      try {
        const version = await bytes.version?.();
        const marked = markListing(begun, { version, mark: bytes.mark, address });
        const place = { ...(begun ?? { offset: 0, row: 0 }), mark: marked.mark };
        if (bytes.sizeInBytes < place.offset) throw changedSource(address);
        const chunks = chunksFrom(bytes, { offset: place.offset, signal });
        for await (const photo of listJsonl(chunks, place, {
          address,
          folder,
          allowOutside: isAnywhere,
          ...reportOptions,
        })) {
          signal.throwIfAborted();
          yield photo;
        }
        if ((await bytes.version?.()) !== version) throw changedWhileListed(address);
        onEnd?.({ version: marked.version, gaps: 0 });
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        await bytes.close();
      }
    },
  };
}

/**
 * A report's paths are absolute and were checked by the run that wrote them.
 * @throws UsageError if the manifest is no JSONL at all
 */
async function isReport(manifest: ManifestPlace, options: ReportOptions): Promise<boolean> {
  const bytes = await manifest.open(new AbortController().signal);
  try {
    const firstLine = await readFirstLine(bytes);
    checkBeginning(firstLine, manifest.address);
    const row = readJsonlRow(firstLine, { ...options, redrive: 'all' });
    return row.kind === 'row' && row.isReport;
  } finally {
    await bytes.close();
  }
}

/** Or the first MiB of it. */
async function readFirstLine(bytes: ManifestBytes): Promise<Buffer> {
  const beginning = await readRange(bytes, { offset: 0, sizeInBytes: 1024 * 1024 });
  const end = beginning.indexOf(0x0a);
  return end === -1 ? beginning : beginning.subarray(0, end);
}
