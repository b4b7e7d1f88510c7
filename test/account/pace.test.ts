import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  openEmbeddedPostgres,
} from '../../src/queue/embedded/open-embedded-postgres.ts';
import { leastShareUsed } from '../helpers/hold-ups.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { measurePace } from './pace-processes.ts';

/**
 * Two processes share one account and call an engine that takes 150 to 250 ms, which counts by its own clock.
 * Longer, at other rates and beside busy loops: PACE_SECONDS, PACE_RATES, PACE_NOISE (processes),
 * PACE_RETRY.
 */
const seconds = Number(process.env.PACE_SECONDS ?? 10);
const rates = (process.env.PACE_RATES ?? '50,7').split(',').map(Number);
const noise = Number(process.env.PACE_NOISE ?? 0);

describe('the pace that the engine sees', () => {
  let redis: TestRedis;
  let folder: TemporaryFolder;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    [redis, postgres] = await Promise.all([startTestRedis(), openEmbeddedPostgres({ folder: folder.path })]);
  });
  afterAll(async () => {
    await postgres.close();
    await redis.close();
    await folder.remove();
  });

  const stores = {
    redis: () => ({ redis: redis.url }),
    postgres: () => ({ postgres: postgres.connection }),
  };
  let accounts = 0;

  for (const ratePerSecond of rates) {
    for (const [name, store] of Object.entries(stores)) {
      // At 7/s there is little to do: both stores are measured at once.
      const test = ratePerSecond < 10 ? it.concurrent : it;
      test(`is never above ${ratePerSecond}/s and wastes none of it (${name})`, {
        timeout: (seconds + 300) * 1000,
      }, async () => {
        const measured = await measurePace({
          store: store(),
          account: `account-${++accounts}`,
          processes: 2,
          noise,
          ratePerSecond,
          concurrency: Math.max(16, Math.ceil(ratePerSecond / 5)),
          durationInMs: seconds * 1000,
        });
        if (process.env.PACE_NOISE) console.log(name, ratePerSecond, JSON.stringify(measured, undefined, 1));
        expect(measured.worst).toBeLessThanOrEqual(ratePerSecond);
        expect(measured.used).toBeGreaterThanOrEqual(leastShareUsed);
      });
    }
  }
});
