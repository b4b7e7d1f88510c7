import { describe, expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { killAndResume } from './kill-and-resume.ts';
import { openScene } from './scene.ts';
import { storeNames } from './stores.ts';

/** The long one, with many seeds: `npm run chaos`. */
const kills = orLong(6, 20);
const photos = orLong(480, 2_000);
const seeds = { embedded: orLong([1], [1, 3, 5]), redis: orLong([2], [2, 4, 6]) };
const concurrency = 16;
/** So long that a kill which follows a call strikes calls, also on a machine that is busy. */
const latencyInMs = [150, 250] as const;

describe.each(storeNames)('a run that is killed again and again (%s)', (store) => {
  it.each(seeds[store])('ends with one line a photo, and few calls made twice (seed %i)', async (seed) => {
    const scene = await openScene({ store, photos, latencyInMs });
    try {
      const figures = await killAndResume(scene, { kills, seed, rate: 150, concurrency });
      expect(figures.killsInFlight).toBeGreaterThanOrEqual(kills * 0.7);
      expect(figures.repeated).toBeLessThanOrEqual(kills * concurrency);
    } finally {
      await scene.close();
    }
  });
});
