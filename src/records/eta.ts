import { z } from 'zod';

const rememberedInMs = 60_000;

/** How fast a run goes, over the last minute of its conductor, and what is left. */
export const etaSchema = z.object({
  callsPerSecond: z.number(),
  photosPerSecond: z.number(),
  /** Of what is listed so far; absent while nothing moves. */
  leftInMs: z.number().optional(),
  /** Processes that take part in the run. */
  workers: z.number(),
});
export type Eta = z.infer<typeof etaSchema>;

interface Sample {
  readonly at: number;
  readonly calls: number;
  readonly done: number;
}

/** Told how far the run is now and then, it knows its pace. `at` is `performance.now()`. */
export function createPaceMeter(): {
  note(sample: Sample): void;
  read(options: { left: number; workers: number }): Eta;
} {
  const samples: Sample[] = [];
  return {
    note(sample) {
      samples.push(sample);
      while (samples.length > 2 && sample.at - (samples[0]?.at ?? 0) > rememberedInMs) samples.shift();
    },
    read({ left, workers }) {
      const [first, last] = [samples[0], samples.at(-1)];
      const seconds = first && last ? (last.at - first.at) / 1000 : 0;
      const perSecond = (key: 'calls' | 'done') =>
        first && last && seconds > 0 ? Number(((last[key] - first[key]) / seconds).toFixed(2)) : 0;
      const photosPerSecond = perSecond('done');
      return {
        callsPerSecond: perSecond('calls'),
        photosPerSecond,
        ...(photosPerSecond > 0 && { leftInMs: Math.round((left / photosPerSecond) * 1000) }),
        workers,
      };
    },
  };
}
