import type { ListObjectsV2CommandInput, ListObjectsV2CommandOutput, S3 } from '@aws-sdk/client-s3';
import { compareKeys } from './compare-keys.ts';

/**
 * What came instead of a page of a listing, although its status was 200: a proxy's page to sign in, a body that was cut,
 * another page. `$retryable` lets the SDK ask again, like after a fault of the store.
 */
export class BrokenPageError extends Error {
  override readonly name = 'BrokenPage';
  readonly $retryable = {};
  /** Own words, nothing of the answer. */
  readonly detail: string;

  constructor(what: string) {
    super(what);
    this.detail = `${what}. Does a proxy, a cache or a sign-in page stand between? See AWS_ENDPOINT_URL_S3`;
  }
}

/**
 * Lets only whole pages through. The SDK takes what it finds: of a page that has no `IsTruncated`, it says that nothing
 * follows, and everything behind it would be missing without a word.
 */
export function takeOnlyWholePages(client: S3): void {
  const isListing = (context: { commandName?: string }) => context.commandName === 'ListObjectsV2Command';
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (isListing(context)) await checkBody(result.response as { statusCode: number; body: unknown });
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'wholePageBody' },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (!isListing(context)) return result;
      const problem = problemOfPage(
        args.input as ListObjectsV2CommandInput,
        result.output as ListObjectsV2CommandOutput,
      );
      if (problem !== undefined) throw new BrokenPageError(problem);
      return result;
    },
    { step: 'deserialize', priority: 'high', name: 'wholePageFields' },
  );
}

/** Reads the body, and leaves it to be read again. */
async function checkBody(response: { statusCode: number; body: unknown }): Promise<void> {
  if (response.statusCode !== 200) return;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  response.body = bytes;
  const problem = problemOfBody(bytes.toString('utf8'));
  if (problem !== undefined) throw new BrokenPageError(problem);
}

/** Why a body is not a whole page; an error of the store's with status 200 is left to the SDK. Pure. */
export function problemOfBody(body: string): string | undefined {
  const text = body.replace(/^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?/u, '');
  if (text === '') return 'the answer is empty';
  if (/^<Error[\s>]/u.test(text)) return undefined;
  if (!/^<ListBucketResult[\s>]/u.test(text)) return 'the answer is no ListBucketResult';
  return /<\/ListBucketResult>\s*$/u.test(text) ? undefined : 'the answer is cut off';
}

/** Another name of a bucket, which its listing does not answer with. */
const isAlias = (bucket: string) => /-s3alias$|--ol-s3$/u.test(bucket);

type Asked = Pick<ListObjectsV2CommandInput, 'Bucket' | 'Prefix' | 'StartAfter' | 'ContinuationToken'>;

/** For a page that came before, once more. */
export const earlierPage = 'the answer begins before the place that was asked for';

export function beginsBefore(first: string | undefined, after: string | undefined): boolean {
  return first !== undefined && after !== undefined && after !== '' && compareKeys(first, after) <= 0;
}

/** Why a page is not the one that was asked for, or does not say what follows. Pure. */
export function problemOfPage(asked: Asked, page: Partial<ListObjectsV2CommandOutput>): string | undefined {
  const { Bucket: bucket = '', Prefix: prefix = '', StartAfter: after, ContinuationToken: token } = asked;
  const { Contents = [], CommonPrefixes = [], KeyCount, IsTruncated, NextContinuationToken: next } = page;
  const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key;
  if (IsTruncated === undefined) return 'the answer does not say whether more follows (IsTruncated)';
  if (IsTruncated && !next) return 'the answer says that more follows, but not where (NextContinuationToken)';
  if (IsTruncated && next === token) return 'the answer says that the same page follows again';
  if (page.Name !== bucket && !isAlias(bucket)) return 'the answer is about another bucket';
  if (page.Prefix !== undefined && decode(page.Prefix) !== prefix)
    return 'the answer is about another prefix';
  const count = Contents.length + CommonPrefixes.length;
  if (KeyCount !== undefined && KeyCount !== count)
    return `the answer has ${count} keys and says ${KeyCount} (KeyCount)`;
  const keys = Contents.map(({ Key }) => decode(Key ?? ''));
  if (keys.some((key) => key === '' || !key.startsWith(prefix)))
    return 'the answer has keys of another prefix';
  if (beginsBefore(keys[0], after)) return earlierPage;
  // The first page shows whether a store sorts at all: that is judged where pages are put together.
  const isSorted = keys.every((key, index) => index === 0 || compareKeys(keys[index - 1] ?? '', key) < 0);
  return token !== undefined && !isSorted ? 'the keys of the answer are out of order' : undefined;
}

export function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
