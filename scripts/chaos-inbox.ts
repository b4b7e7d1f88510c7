import { inboxUnderFire } from '../test/chaos/inbox-fire.ts';
import type { StoreName } from '../test/chaos/stores.ts';

/**
 * An inbox under fire: on the embedded queue with the state on disk, and on Redis with the state on S3. A row for each; gives
 * how many were not right.
 */
export async function killInboxes(options: {
  photos: number;
  kills: number;
  rate: number;
  seeds: readonly number[];
  stores: readonly StoreName[];
}): Promise<number> {
  const { seeds, stores, ...size } = options;
  let failed = 0;
  console.log('| queue | state | seed | kills | runs | asked again | calls made again | seconds | |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const seed of seeds) {
    for (const store of stores) {
      const where = { store, isOnS3: store === 'redis' };
      const begin = `| ${where.store} | ${where.isOnS3 ? 'S3' : 'disk'} | ${seed} |`;
      try {
        const end = await inboxUnderFire({ ...where, ...size, seed, perSecond: 200 });
        const { kills, runs, again, repeated, seconds } = end;
        console.log(`${begin} ${kills} | ${runs} | ${again} | ${repeated} | ${seconds.toFixed(0)} | right |`);
      } catch (error) {
        failed += 1;
        console.log(`${begin} | | | | | ${(error as Error).message} |`);
      }
    }
  }
  return failed;
}
