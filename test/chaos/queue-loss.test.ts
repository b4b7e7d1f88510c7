import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { type QueueServer, startEmbeddedQueue, startRedisQueue } from '../helpers/queue-servers.ts';
import { loseAndHeal } from './queue-loss.ts';

/** The long one: `npm run chaos -- --losses 200`. */
const seeds = Array.from({ length: orLong(5, 25) }, (_, index) => index + 1);

describe.each([
  ['embedded', startEmbeddedQueue],
  ['redis', startRedisQueue],
])('a queue that loses random parts in mid-run (%s)', (_, start) => {
  let server: QueueServer;

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  // They wait more than they work: they wait together.
  it.concurrent.each(seeds)(
    'heals: one line a photo, and only calls in work are repeated (seed %i)',
    async (seed) => {
      const { removed } = await loseAndHeal(server, seed);
      expect(removed).toBeGreaterThan(0);
    },
    120_000,
  );
});
