import { inboxUnderFire } from '../test/chaos/inbox-fire.ts';

/**
 * An inbox under fire: on the embedded queue with the state on disk, and on Redis with the state on S3. A row for each; gives
 * how many were not right.
 */
export async function killInboxes(options: {
  photos: number;
  kills: number;
  rate: number;
  seeds: readonly number[];
}): Promise<number> {
  const { seeds, ...size } = options;
  let failed = 0;
  console.log('| queue | state | seed | kills | runs | asked again | calls made again | seconds | |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const seed of seeds) {
    for (const where of [
      { store: 'embedded', isOnS3: false },
      { store: 'redis', isOnS3: true },
    ] as const) {
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
