import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSampleDrawer } from '../../../src/conductor/canary/draw-sample.ts';

type Photo = { seq: number; folder: string };

function draw(photos: Iterable<Photo>, { count, runId = 'run' }: { count: number; runId?: string }) {
  const drawer = createSampleDrawer({ runId, count });
  for (const photo of photos) drawer.add(photo);
  return drawer.draw();
}

/** Folders with so many photos each, one after the other. */
const listOf = (sizes: Readonly<Record<string, number>>): Photo[] =>
  Object.entries(sizes)
    .flatMap(([folder, size]) => Array.from({ length: size }, () => folder))
    .map((folder, index) => ({ seq: index + 1, folder }));

const foldersOf = (photos: readonly Photo[], seqs: readonly number[]) => {
  const counts: Record<string, number> = {};
  for (const { seq, folder } of photos) if (seqs.includes(seq)) counts[folder] = (counts[folder] ?? 0) + 1;
  return counts;
};

const lists = fc
  .array(
    fc.record({
      folder: fc.constantFrom('', 'a', 'a/x', 'a/y', 'b', 'b/x/1', 'b/x/2', 'c', 'd/1', 'd/2', 'd/3'),
    }),
    { maxLength: 300 },
  )
  .map((photos) => photos.map(({ folder }, index) => ({ seq: index + 1, folder })));
const counts = fc.integer({ min: 1, max: 60 });

it('draws what is asked for, or all there is, each once and in the order of the list', () => {
  fc.assert(
    fc.property(lists, counts, (photos, count) => {
      const { seqs, of } = draw(photos, { count });
      expect(of).toBe(photos.length);
      expect(seqs).toHaveLength(Math.min(count, photos.length));
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      for (const seq of seqs) expect(photos[seq - 1]?.seq).toBe(seq);
    }),
  );
});

it('is the same for a run however its list comes, and another for another run', () => {
  fc.assert(
    fc.property(
      lists,
      counts,
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (photos, count, random) => {
        const shuffled = photos
          .map((photo) => ({ photo, at: random.next().value }))
          .sort((one, other) => one.at - other.at)
          .map(({ photo }) => photo);
        expect(draw(shuffled, { count })).toEqual(draw(photos, { count }));
      },
    ),
  );
  const photos = listOf({ a: 500, b: 500 });
  expect(draw(photos, { count: 20 })).not.toEqual(draw(photos, { count: 20, runId: 'another' }));
});

it('takes one of each folder at least, and never less of a larger one', () => {
  fc.assert(
    fc.property(lists, counts, (photos, count) => {
      const sizes = foldersOf(
        photos,
        photos.map(({ seq }) => seq),
      );
      const { seqs, folders } = draw(photos, { count });
      expect(folders).toBeLessThanOrEqual(count);
      if (Object.keys(sizes).length > count) return;
      const drawn = foldersOf(photos, seqs);
      expect(folders).toBe(Object.keys(sizes).length);
      expect(Object.keys(drawn).sort()).toEqual(Object.keys(sizes).sort());
      for (const [one, size] of Object.entries(sizes))
        for (const [other, otherSize] of Object.entries(sizes))
          if (size > otherSize) expect(drawn[one] ?? 0).toBeGreaterThanOrEqual(drawn[other] ?? 0);
    }),
  );
});

it('goes by the share of each folder', () => {
  const photos = listOf({ berlin: 8_000, paris: 1_500, rome: 490, oslo: 10 });
  const { seqs } = draw(photos, { count: 200 });
  expect(foldersOf(photos, seqs)).toEqual({ berlin: 159, paris: 30, rome: 10, oslo: 1 });
});

it('takes upper folders where there are too many, and all as one where those are too many', () => {
  const persons = Array.from(
    { length: 3_000 },
    (_, index) => `${index % 3 === 0 ? 'east' : 'west'}/p${index}`,
  );
  const photos = persons.map((folder, index) => ({ seq: index + 1, folder }));
  const { seqs, folders } = draw(photos, { count: 90 });
  expect(folders).toBe(2);
  expect(seqs.filter((seq) => photos[seq - 1]?.folder.startsWith('east'))).toHaveLength(30);
  const flat = photos.map(({ seq }) => ({ seq, folder: `p${seq}` }));
  expect(draw(flat, { count: 90 })).toMatchObject({ folders: 1, of: 3_000 });
});

it('draws every photo equally often', () => {
  const photos = listOf({ a: 40, b: 40 });
  const times = new Map<number, number>();
  const runs = 500;
  for (let run = 0; run < runs; run += 1)
    for (const seq of draw(photos, { count: 8, runId: `run-${run}` }).seqs)
      times.set(seq, (times.get(seq) ?? 0) + 1);
  const expected = runs / 10;
  const chiSquare = photos.reduce(
    (sum, { seq }) => sum + ((times.get(seq) ?? 0) - expected) ** 2 / expected,
    0,
  );
  // 78 degrees of freedom, less what drawing without replacement takes away: 122 is passed once in a thousand.
  expect(chiSquare).toBeLessThan(122);
});
