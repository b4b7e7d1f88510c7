import { addAbortSignal, type Readable } from 'node:stream';
import { UsageError } from '../../util/errors.ts';
import type { Source } from '../source.ts';
import type { ReportOptions } from './jsonl-row.ts';
import { listJsonl } from './list-jsonl.ts';
import { positionAfter } from './manifest-position.ts';

/**
 * JSONL from a pipe; paths are relative to `folder`, which relative ones may not leave; an absolute one is meant as it
 * is. To resume, the same lines must be piped in again: what was listed
 * before is read and dropped. A pipe can be listed once in a process. It ends in the same way whether its writer was done
 * or died: only a last line that is cut off shows the latter.
 */
export function createStdinSource({
  stdin,
  folder,
  allowOutside,
  absoluteAnywhere,
  ...reportOptions
}: {
  stdin: Readable;
  folder: string;
  allowOutside: boolean;
  absoluteAnywhere: boolean;
} & ReportOptions): Source {
  return {
    address: '-',
    sameSubject: 'repeat',
    ...(allowOutside ? {} : { rootFolder: folder, ...(absoluteAnywhere && { absoluteAnywhere }) }),
    async *list({ after, signal, onEnd }) {
      signal.throwIfAborted();
      const place = positionAfter(after, 'stdin') ?? { offset: 0, row: 0 };
      const lines = listJsonl(dropBeginning(stdin, place.offset), place, {
        address: 'stdin',
        folder,
        allowOutside,
        absoluteAnywhere,
        ...reportOptions,
      });
      yield* aborting(lines, { signal, stream: stdin });
      onEnd?.({ gaps: 0 });
    },
  };
}

async function* dropBeginning(stdin: Readable, sizeInBytes: number): AsyncGenerator<Buffer> {
  let left = sizeInBytes;
  for await (const chunk of stdin) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    if (bytes.length > left) yield bytes.subarray(left);
    left = Math.max(0, left - bytes.length);
  }
  if (left === 0) return;
  throw new UsageError(
    'source-changed',
    `stdin ended ${left} bytes before the place where this run goes on: pipe the same lines in again.`,
  );
}

/** Ends a listing that waits for its stream when the signal aborts, with the signal's reason. */
async function* aborting<Item>(
  items: AsyncIterable<Item>,
  { signal, stream }: { signal: AbortSignal; stream: Readable },
): AsyncGenerator<Item> {
  addAbortSignal(signal, stream);
  try {
    for await (const item of items) {
      signal.throwIfAborted();
      yield item;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}
