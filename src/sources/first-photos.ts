import type { ListedPhoto, ListOptions, Source } from './source.ts';

/** The photos of a source from its beginning, no more than `limit` of them (`--limit`). */
export async function* firstPhotos(
  source: Source,
  { limit = Number.POSITIVE_INFINITY, ...options }: { limit?: number | undefined } & ListOptions,
): AsyncGenerator<ListedPhoto> {
  let count = 0;
  for await (const photo of source.list(options)) {
    yield photo;
    count += 1;
    if (count >= limit) return;
  }
}
