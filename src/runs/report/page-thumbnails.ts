import pLimit from 'p-limit';
import type { PageData } from '../../records/page-data.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { Pictures } from './pictures.ts';

const mostPictures = 500;
const sideInPixels = 240;
const madeAtOnce = 3;

/** The same page with small pictures of its first 500 dead letters, of those that can be shown. */
export async function withThumbnails(
  data: PageData,
  { record, pictures, signal }: { record: RunRecord; pictures: Pictures; signal: AbortSignal },
): Promise<PageData> {
  const limit = pLimit(madeAtOnce);
  const made = await Promise.all(
    data.deadLetters.slice(0, mostPictures).map(({ seq }) =>
      limit(async () => {
        const jpeg = await pictures.make(record, { seq, sideInPixels }, signal);
        return jpeg ? [[seq, `data:image/jpeg;base64,${jpeg.toString('base64')}`] as const] : [];
      }),
    ),
  );
  return { ...data, thumbnails: Object.fromEntries(made.flat()) };
}
