import { dirname } from 'node:path';
import { aborting } from './aborting.ts';
import type { Redrive } from './jsonl-row.ts';
import { readJsonlRow } from './jsonl-row.ts';
import { checkBeginning, listJsonl } from './list-jsonl.ts';
import { openManifest } from './open-manifest.ts';
import { changedSource, placeAfter } from './place.ts';
import type { Source } from './source.ts';

/** A JSONL manifest, or the report of an earlier run, which is told by its first line. Read as a stream. */
export async function createJsonlSource({
  path,
  allowOutside,
  redrive,
}: {
  path: string;
  allowOutside: boolean;
  redrive: Redrive;
}): Promise<Source> {
  const folder = dirname(path);
  const isAnywhere = allowOutside || (await isReport(path));
  return {
    address: path,
    sameSubject: 'repeat',
    ...(isAnywhere ? {} : { rootFolder: folder }),
    async *list({ after, signal }) {
      signal.throwIfAborted();
      const place = placeAfter(after, path) ?? { offset: 0, row: 0 };
      const file = await openManifest(path);
      if ((await file.stat()).size < place.offset) {
        await file.close();
        throw changedSource(path);
      }
      const stream = file.createReadStream({ start: place.offset, highWaterMark: 256 * 1024 });
      yield* aborting(
        listJsonl(stream, place, { address: path, folder, allowOutside: isAnywhere, redrive }),
        {
          signal,
          stream,
        },
      );
    },
  };
}

/**
 * A report's paths are absolute and were judged by the run that wrote them.
 * @throws UsageError if the file is no JSONL at all
 */
async function isReport(path: string): Promise<boolean> {
  const file = await openManifest(path);
  try {
    const beginning = Buffer.alloc(1024 * 1024);
    const { bytesRead } = await file.read(beginning, 0, beginning.length, 0);
    const end = beginning.subarray(0, bytesRead).indexOf(0x0a);
    const firstLine = beginning.subarray(0, end === -1 ? bytesRead : end);
    checkBeginning(firstLine, path);
    const row = readJsonlRow(firstLine, 'all');
    return row.kind === 'row' && row.isReport;
  } finally {
    await file.close();
  }
}
