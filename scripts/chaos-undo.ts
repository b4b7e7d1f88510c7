import type { StoreName } from '../test/chaos/stores.ts';
import { undoUnderKills } from '../test/chaos/undo-under-kills.ts';

/** Undoes a run in the middle of three while it is killed. A row for each; gives how many were not right. */
export async function killUndos(options: {
  photos: number;
  kills: number;
  concurrency: number;
  seeds: readonly number[];
  stores: readonly StoreName[];
}): Promise<number> {
  const { seeds, stores, ...size } = options;
  let failed = 0;
  console.log('| queue | seed | kills | in flight | calls made again | seconds | |');
  console.log('|---|---|---|---|---|---|---|');
  for (const seed of seeds) {
    for (const store of stores) {
      const begin = `| ${store} | ${seed} |`;
      try {
        const { kills, killsInFlight, repeated, seconds } = await undoUnderKills({ store, seed, ...size });
        console.log(`${begin} ${kills} | ${killsInFlight} | ${repeated} | ${seconds.toFixed(0)} | right |`);
      } catch (error) {
        failed += 1;
        console.log(`${begin} | | | | ${(error as Error).message} |`);
      }
    }
  }
  return failed;
}
