import type { S3 } from '@aws-sdk/client-s3';
import { listPage, type S3Object } from './list-page.ts';
import { outlastingOutage } from './outlasting-outage.ts';
import type { S3Address } from './s3-address.ts';

/**
 * All objects below a prefix (the key), a page at a time. The next page is fetched while one is used. The first one fails
 * at once where S3 does not answer; later an outage is waited for.
 * @throws the SDK's error, or the signal's reason
 */
export async function* listPages(
  client: S3,
  options: S3Address & {
    startAfter?: string | undefined;
    longestOutageInMs: number;
    signal: AbortSignal;
  },
): AsyncGenerator<readonly S3Object[]> {
  const { bucket, key: prefix, startAfter, longestOutageInMs } = options;
  const left = new AbortController();
  const signal = AbortSignal.any([options.signal, left.signal]);
  const fetch = (token?: string) => listPage(client, { bucket, prefix, startAfter, token }, signal);
  try {
    let page = await fetch();
    while (true) {
      const { objects, next } = page;
      const following =
        next === undefined ? undefined : outlastingOutage(() => fetch(next), { longestOutageInMs, signal });
      following?.catch(() => undefined); // told when it is waited for
      yield objects;
      if (following === undefined) return;
      page = await following;
    }
  } finally {
    left.abort();
  }
}
