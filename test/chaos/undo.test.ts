import { expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { storeNames } from './stores.ts';
import { undoUnderKills } from './undo-under-kills.ts';

const kills = orLong(3, 10);

/** With many seeds: `npm run chaos -- --undo`. */
it.each(storeNames)('a run that is undone while that is killed leaves what is true (%s)', async (store) => {
  const size = { photos: orLong(21, 60), kills, concurrency: 4 };
  const figures = await undoUnderKills({ store, seed: 1, ...size });
  expect(figures.kills).toBe(kills);
});
