import { expect, it } from 'vitest';
import type { PageData } from '../../src/records/page-data.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { withThumbnails } from '../../src/runs/report/page-thumbnails.ts';
import type { Pictures } from '../../src/runs/report/pictures.ts';

it('shows small pictures of the first 500 dead letters, and none where there is none to be shown', async () => {
  const deadLetters = Array.from({ length: 501 }, (_, index) => ({ seq: index + 1 }));
  const asked = new Set<number>();
  const pictures: Pictures = {
    async make(_, { seq, sideInPixels }) {
      expect(sideInPixels).toBe(240);
      asked.add(seq);
      return seq === 2 ? undefined : Buffer.from('jpeg');
    },
  };
  const { signal } = new AbortController();
  const data = { deadLetters } as unknown as PageData;
  const { thumbnails } = await withThumbnails(data, { record: {} as RunRecord, pictures, signal });
  expect(asked.size).toBe(500);
  expect(Object.keys(thumbnails)).toHaveLength(499);
  expect(thumbnails[1]).toBe('data:image/jpeg;base64,anBlZw==');
  expect(thumbnails).not.toHaveProperty('2');
});
