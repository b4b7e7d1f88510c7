import type { S3Page } from './list-page.ts';

export type FetchPage = (
  at: { startAfter?: string | undefined; token?: string | undefined },
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

  function fetchMore(token?: string): void {
    if (isEnded || isFetching || pages.length > ahead) return;
    isFetching = true;
    const page = fetch(token === undefined ? { startAfter } : { token }, stopped.signal);
    pages.push(page);
    page.then(
      ({ next }) => {
        isFetching = false;
        following = next;
        isEnded = next === undefined;
        if (next !== undefined) fetchMore(next);
      },
      // Thrown where the page is taken.
      () => {
        isEnded = true;
      },
    );
  }

  let following: string | undefined;
  fetchMore();
  return {
    startAfter,
    async next() {
      const page = await pages[0];
      if (page === undefined) return undefined;
      pages.shift();
      if (!isEnded && !isFetching) fetchMore(following);
      for (const { key } of page.objects) {
        if (last !== undefined && last !== '' && compareKeys(key, last) <= 0) throw new KeyOrderError(key);
        last = key;
      }
      return page;
    },
    stop: () => stopped.abort(),
  };
}

/**
 * Compares keys as S3 sorts them: by their UTF-8 bytes. That is JavaScript's own order, but that pairs of surrogates
 * come behind everything else.
 * @returns below, above or equal to 0
 */
export function compareKeys(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const unit = one.charCodeAt(index);
    const otherUnit = other.charCodeAt(index);
    if (unit !== otherUnit) return rank(unit) - rank(otherUnit);
  }
  return one.length - other.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
