import { expect, it } from 'vitest';
import { lotOf, samplePhotos } from '../../src/conductor/sample-photos.ts';

const total = 10_000;
async function* seqs() {
  for (let seq = 1; seq <= total; seq += 1) yield seq;
}
const all = Array.from({ length: total }, (_, index) => index + 1);

it('photos are chosen by lot: evenly, exactly as many as a count says, and others in another run', async () => {
  const share = await samplePhotos('run', { share: 0.05 }, seqs);
  const chosen = all.filter(share);
  expect(Math.abs(chosen.length / total - 0.05)).toBeLessThan(0.01);
  const firstHalf = chosen.filter((seq) => seq <= total / 2).length;
  expect(Math.abs(firstHalf / chosen.length - 0.5)).toBeLessThan(0.1);
  expect(all.filter(await samplePhotos('run', { share: 1 }, seqs))).toHaveLength(total);

  const count = all.filter(await samplePhotos('run', { count: 100 }, seqs));
  const lots = all.map((seq) => lotOf('run', seq));
  const limit = lots.toSorted((a, b) => a - b)[99] ?? 0;
  expect(count).toEqual(all.filter((_, index) => (lots[index] ?? 1) <= limit));
  expect(all.filter(await samplePhotos('run', { count: total + 1 }, seqs))).toHaveLength(total);
  const other = all.filter(await samplePhotos('another run', { count: 100 }, seqs));
  expect(other.filter((seq) => count.includes(seq)).length).toBeLessThan(10);
});

it('a lot is even and below one, so that a share of all takes all', async () => {
  const lots = all.map((seq) => lotOf('run', seq));
  expect(lots.every((lot) => lot >= 0 && lot < 1)).toBe(true);
  const [first = 0] = lots;
  const isChosen = async (share: number) => (await samplePhotos('run', { share }, seqs))(1);
  // Exactly its lot is not below it.
  expect([await isChosen(first), await isChosen(first + 1e-12)]).toEqual([false, true]);
});

it('of many photos the same are chosen, though no more are kept meanwhile than are needed', async () => {
  const many = 25_000;
  async function* manySeqs() {
    for (let seq = 1; seq <= many; seq += 1) yield seq;
  }
  const isChosen = await samplePhotos('run', { count: 3 }, manySeqs);
  const byLot = Array.from({ length: many }, (_, index) => index + 1).sort(
    (one, other) => lotOf('run', one) - lotOf('run', other),
  );
  expect(byLot.filter(isChosen)).toEqual(byLot.slice(0, 3));
});
