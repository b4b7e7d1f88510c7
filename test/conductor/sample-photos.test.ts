import { expect, it } from 'vitest';
import { lotOf, samplePhotos } from '../../src/conductor/sample-photos.ts';

const total = 50_000;
async function* seqs() {
  for (let seq = 1; seq <= total; seq += 1) yield seq;
}
const all = Array.from({ length: total }, (_, index) => index + 1);

it('photos are chosen by lot: evenly, exactly as many as a count says, and others in another run', async () => {
  const share = await samplePhotos('run', { share: 0.05 }, seqs);
  const chosen = all.filter(share);
  expect(Math.abs(chosen.length / total - 0.05)).toBeLessThan(0.005);
  const firstHalf = chosen.filter((seq) => seq <= total / 2).length;
  expect(Math.abs(firstHalf / chosen.length - 0.5)).toBeLessThan(0.05);
  expect(all.filter(await samplePhotos('run', { share: 1 }, seqs))).toHaveLength(total);

  const count = all.filter(await samplePhotos('run', { count: 100 }, seqs));
  const smallest = all.toSorted((a, b) => lotOf('run', a) - lotOf('run', b)).slice(0, 100);
  expect(count).toEqual(smallest.sort((a, b) => a - b));
  expect(all.filter(await samplePhotos('run', { count: total + 1 }, seqs))).toHaveLength(total);
  const other = all.filter(await samplePhotos('another run', { count: 100 }, seqs));
  expect(other.filter((seq) => count.includes(seq)).length).toBeLessThan(10);
});
