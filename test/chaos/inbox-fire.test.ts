import { describe, expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { inboxUnderFire } from './inbox-fire.ts';

/** With 5,000 photos and 20 kills: `npm run chaos -- --inbox`. */
const longSize = { photos: 5_000, kills: 20, perSecond: 200, rate: 200 };

describe('an inbox under fire', () => {
  it.each([
    { store: 'embedded', isOnS3: false, size: { photos: 300, kills: 3, perSecond: 100, rate: 100 } },
    { store: 'redis', isOnS3: true, size: { photos: 90, kills: 3, perSecond: 100, rate: 100 } },
  ] as const)(
    'loses and doubles nothing: $store, state on S3: $isOnS3',
    async ({ size, ...where }) => {
      const figures = await inboxUnderFire({ ...where, ...orLong(size, longSize), seed: 1 });
      expect(figures.runs).toBeGreaterThanOrEqual(3);
    },
    orLong(600_000, 3_600_000),
  );
});
