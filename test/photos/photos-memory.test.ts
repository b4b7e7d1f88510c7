import { open } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { createByteBudget } from '../../src/photos/byte-budget.ts';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { readWithinBudget } from '../../src/photos/read-within-budget.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const mega = 1e6;

/** By how much the process grew while it was at work. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  await work();
  clearInterval(watch);
  return peak - before;
}

test('16 photos of 12 megapixels at once: decoded pictures are in memory a few at a time', async () => {
  const photo = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#c08060' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) throw new Error(inspected.problem);
  const settings = { prepare: 'auto', stripMetadata: false } as const;
  const growth = await growthOf(async () => {
    const all = Array.from({ length: 16 }, () =>
      preparePhoto({ photo, inspected, rules: { formats: ['jpeg', 'png'] }, settings }),
    );
    for (const prepared of await Promise.all(all))
      expect(prepared).toMatchObject({ warnings: ['exif-rotated'] });
  });
  expect(growth).toBeLessThan(500 * mega); // all of them: 576 MB, and as much again turned
});

test('60 photos of 16 MB at once, however long they are held: as many as the budget has room for', async () => {
  const folder = await makeTemporaryFolder();
  const path = join(folder.path, 'photo.jpg');
  const file = await open(path, 'w');
  await file.truncate(16 * mega);
  await file.close();
  const reader = createPhotoReader({ allowPrivate: false, timeoutInMs: 60_000 });
  const memory = createByteBudget(100 * mega);
  const { signal } = new AbortController();
  // The first one is held until there is another: more than one at a time has room.
  let [held, most] = [0, 0];
  const growth = await growthOf(async () => {
    const one = async (expectedSizeInBytes: number | undefined) => {
      const share = memory.open();
      const photo = await readWithinBudget({
        address: path,
        readPhoto: reader.read,
        share,
        expectedSizeInBytes,
        signal,
      });
      if ('problem' in photo) throw new Error(photo.problem);
      held += photo.bytes.length;
      most = Math.max(most, held);
      await until(() => most > 16 * mega);
      held -= photo.bytes.length;
      share.release();
    };
    // The list names the size, a wrong one, or none.
    await Promise.all(Array.from({ length: 60 }, (_, index) => one([16 * mega, 1000, undefined][index % 3])));
  });
  await reader.close();
  await folder.remove();
  expect(most).toBeLessThanOrEqual(100 * mega);
  expect(growth).toBeLessThan(700 * mega); // all of them, twice: 1,920 MB; what is released is collected later
});
