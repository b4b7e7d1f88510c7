import { createHash } from 'node:crypto';
import type { RunSettings } from '../records/run-record.ts';

/** Which photos of a run are looked for after they were enrolled: the same ones whenever it is asked. */
export type IsSampled = (seq: number) => boolean;

export type Sample = NonNullable<RunSettings['verify']>;

/** A photo's number from 0 to 1: it follows from the run's id and the photo's place in the list alone. */
export function lotOf(runId: string, seq: number): number {
  const hash = createHash('sha256').update(`${runId}\n${seq}`).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Chooses by lot. A share: every photo whose number is below it. A count: of the photos that need a call those with the
 * smallest numbers, for which all of them must be known; `seqs` is walked only then.
 */
export async function samplePhotos(
  runId: string,
  sample: Sample,
  seqs: () => AsyncIterable<number>,
): Promise<IsSampled> {
  if ('share' in sample) return (seq) => lotOf(runId, seq) < sample.share;
  let smallest: { seq: number; lot: number }[] = [];
  const cut = () => {
    smallest = smallest.sort((a, b) => a.lot - b.lot).slice(0, sample.count);
  };
  for await (const seq of seqs()) {
    smallest.push({ seq, lot: lotOf(runId, seq) });
    if (smallest.length >= sample.count + roomBetweenCuts) cut();
  }
  cut();
  const chosen = new Set(smallest.map(({ seq }) => seq));
  return (seq) => chosen.has(seq);
}

const roomBetweenCuts = 10_000;
