import type { S3 } from '@aws-sdk/client-s3';
import { compareKeys } from './compare-keys.ts';
import { guessKey } from './guess-key.ts';
import { listPage, type S3Object } from './list-page.ts';
import { type FetchPage, openPageStream, type PageStream } from './page-stream.ts';
import type { S3Address } from './s3-address.ts';
import { retryDuringOutage } from './s3-connection.ts';

/** Ranges of keys that are listed beside the one that is used, and pages that each of them holds. */
const rangesBeside = 3;
const pagesOfRange = 8;
/** Pages by which it is seen whether the listing or its use is slower. */
const pagesToMeasure = 4;

/**
 * All objects below a prefix (the key) in the order of their keys, a page at a time. The next page is fetched while one
 * is used; where that is still too slow, ranges of keys further on are listed side by side with it. The first page
 * fails at once where S3 does not answer; later an outage is waited for.
 * @throws the SDK's error, `KeyOrderError`, or the signal's reason
 */
export async function* listPages(
  client: S3,
  options: S3Address & {
    startAfter?: string | undefined;
    longestOutageInMs: number;
    signal: AbortSignal;
  },
): AsyncGenerator<readonly S3Object[]> {
  const { bucket, key: prefix, startAfter, longestOutageInMs, signal } = options;
  let isFirst = true;
  const fetch: FetchPage = (at, stopped) => {
    const listing = AbortSignal.any([signal, stopped]);
    const ask = () => listPage(client, { bucket, prefix, ...at }, listing);
    if (!isFirst) return retryDuringOutage(ask, { longestOutageInMs, signal: listing });
    isFirst = false;
    return ask();
  };
  for await (const objects of inRanges({ fetch, startAfter })) {
    signal.throwIfAborted();
    yield objects;
  }
}

/**
 * A range that was begun at a guessed key holds everything behind that key. So it may take over as soon as everything
 * up to its key has been used, wherever the guess has fallen: nothing is left out, and what comes twice is passed over.
 */
export async function* inRanges(options: {
  fetch: FetchPage;
  startAfter: string | undefined;
  /** Default: where the listing is slower than its use. */
  isWorthIt?: (times: { waitedInMs: number; usedInMs: number }) => boolean;
}): AsyncGenerator<readonly S3Object[]> {
  const { fetch, startAfter, isWorthIt = ({ waitedInMs, usedInMs }) => waitedInMs > usedInMs } = options;
  let current = openPageStream({ fetch, startAfter, ahead: 1 });
  let beside: PageStream[] = [];
  let position = startAfter;
  const clock = createClock();
  try {
    while (true) {
      const page = await clock.waiting(current.next());
      if (page === undefined) return;
      const fresh = page.objects.filter(({ key }) => isBehind(key));
      if (fresh.length > 0) {
        position = fresh.at(-1)?.key;
        yield fresh;
        clock.used();
      }
      takeOver();
      if (page.next !== undefined && clock.isMeasured() && isWorthIt(clock.times())) lookAhead(page.objects);
    }
  } finally {
    for (const stream of [current, ...beside]) stream.stop();
  }

  function isBehind(key: string): boolean {
    return position === undefined || position === '' || compareKeys(key, position) > 0;
  }

  /** The furthest range of which everything before it has been used. */
  function takeOver(): void {
    for (let next = beside[0]; next && !isBehind(next.startAfter ?? ''); next = beside[0]) {
      current.stop();
      current = next;
      beside = beside.slice(1);
    }
  }

  function lookAhead(objects: readonly S3Object[]): void {
    const [first, last] = [objects[0]?.key, objects.at(-1)?.key];
    if (beside.length >= rangesBeside || first === undefined || last === undefined) return;
    const guess = guessKey({ first, last }, pagesOfRange * (beside.length + 1));
    const furthest = beside.at(-1)?.startAfter ?? position ?? '';
    if (guess === undefined || compareKeys(guess, furthest) <= 0) return;
    beside.push(openPageStream({ fetch, startAfter: guess, ahead: pagesOfRange }));
  }
}

/** How long pages were waited for, and how long their use took, lately. */
function createClock() {
  let waitedInMs = 0;
  let usedInMs = 0;
  let pages = 0;
  let since = performance.now();
  const lap = () => {
    const now = performance.now();
    const lapInMs = now - since;
    since = now;
    return lapInMs;
  };
  return {
    async waiting<Result>(page: Promise<Result>): Promise<Result> {
      usedInMs += lap();
      const result = await page;
      waitedInMs = waitedInMs * 0.8 + lap();
      usedInMs *= 0.8;
      pages += 1;
      return result;
    },
    used() {
      usedInMs += lap();
    },
    isMeasured: () => pages >= pagesToMeasure,
    times: () => ({ waitedInMs, usedInMs }),
  };
}
