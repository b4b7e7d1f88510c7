import { describe, expect, it } from 'vitest';
import { killAndResume } from './kill-and-resume.ts';
import { measurePaceAgain } from './prove-pace.ts';
import { openScene } from './scene.ts';
import { storeNames } from './stores.ts';

/** The long one, with many seeds: `npm run chaos`. */
const kills = 8;
const seeds = { embedded: [1], redis: [2] };
const concurrency = 16;

describe.each(storeNames)('a run that is killed again and again (%s)', (store) => {
  it.each(seeds[store])(
    'ends with one line a photo, and few calls made twice (seed %i)',
    { timeout: 180_000, retry: measurePaceAgain },
    async (seed) => {
      const scene = await openScene({ store, photos: 600 });
      try {
        const figures = await killAndResume(scene, { kills, seed, rate: 150, concurrency });
        expect(figures.killsInFlight).toBeGreaterThanOrEqual(kills * 0.7);
        expect(figures.repeated).toBeLessThanOrEqual(kills * concurrency);
      } finally {
        await scene.close();
      }
    },
  );
});
