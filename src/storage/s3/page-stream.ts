import { compareKeys } from './compare-keys.ts';
import type { S3Page } from './list-page.ts';

export type FetchPage = (
  at: {
    startAfter?: string | undefined;
    /** Of the page before; `startAfter` is that page's last key then. */
    token?: string | undefined;
  },
  signal: AbortSignal,
) => Promise<S3Page>;

/** All pages behind one key, fetched before they are asked for. */
export interface PageStream {
  readonly startAfter: string | undefined;
  /** The next page, in order; undefined after the last one. @throws what its request came to, or `KeyOrderError` */
  next(): Promise<S3Page | undefined>;
  /** Fetches nothing more. */
  stop(): void;
}

/** The store does not list in the order of keys: no place in such a listing can be gone on from. */
export class KeyOrderError extends Error {}

/** @param ahead pages that are held, at most, besides the one that is used */
export function openPageStream(options: {
  fetch: FetchPage;
  startAfter: string | undefined;
  ahead: number;
}): PageStream {
  const { fetch, startAfter, ahead } = options;
  const stopped = new AbortController();
  const pages: Promise<S3Page>[] = [];
  let isEnded = false;
  let isFetching = false;
  let last = startAfter;

  function fetchMore(token?: string, behind = startAfter): void {
    if (isEnded || isFetching || pages.length > ahead) return;
    isFetching = true;
    const page = fetch({ startAfter: behind, token }, stopped.signal);
    pages.push(page);
    page.then(
      ({ next, objects }) => {
        isFetching = false;
        following = next;
        newest = objects.at(-1)?.key ?? behind;
        isEnded = next === undefined;
        if (next !== undefined) fetchMore(next, newest);
      },
      // Thrown where the page is taken.
      () => {
        isEnded = true;
      },
    );
  }

  let following: string | undefined;
  let newest = startAfter;
  fetchMore();
  return {
    startAfter,
    async next() {
      const page = await pages[0];
      if (page === undefined) return undefined;
      pages.shift();
      if (!isEnded && !isFetching) fetchMore(following, newest);
      for (const { key } of page.objects) {
        if (last !== undefined && last !== '' && compareKeys(key, last) <= 0) throw new KeyOrderError(key);
        last = key;
      }
      return page;
    },
    stop: () => stopped.abort(),
  };
}
