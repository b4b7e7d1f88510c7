import { expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { inboxUnderFire } from './inbox-fire.ts';

/** With 5,000 photos and 20 kills, and on Redis with the state on S3, too: `npm run chaos -- --inbox`. */
const size = orLong(
  { photos: 300, kills: 3, perSecond: 100, rate: 100 },
  { photos: 5_000, kills: 20, perSecond: 200, rate: 200 },
);

it(
  'an inbox under fire loses and doubles nothing',
  async () => {
    const figures = await inboxUnderFire({ store: 'embedded', isOnS3: false, ...size, seed: 1 });
    expect(figures.runs).toBeGreaterThanOrEqual(3);
  },
  orLong(600_000, 3_600_000),
);
