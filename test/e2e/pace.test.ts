import { describe, expect, it } from 'vitest';
import { openScene, type Scene } from '../chaos/scene.ts';
import { storeNames } from '../chaos/stores.ts';
import type { ServerCall } from '../helpers/engine-server-calls.ts';
import { leastShareUsed, shareOfRateUsed, worstSecondButForHoldUps } from '../helpers/hold-ups.ts';
import { until } from '../helpers/until.ts';

/**
 * What the engine sees of two workers on one queue, by its own clock, while one photo in ten answers 503 first.
 * Longer, and with the figures: PACE_SECONDS.
 */
const seconds = Number(process.env.PACE_SECONDS ?? 15);

describe('the pace of two processes on one queue', () => {
  for (const rate of [50, 7]) {
    for (const store of storeNames) {
      // At 7/s there is little to do: both stores are measured at once.
      const test = rate < 10 ? it.concurrent : it;
      test(`is never above ${rate}/s and wastes none of it (${store})`, {
        timeout: (seconds * 4 + 400) * 1000,
      }, async () => {
        const scene = await openScene({
          store,
          // Every tenth photo is called twice.
          photos: Math.ceil((rate * seconds) / 1.1),
          scriptOf: (index) => (index % 10 === 0 ? '503x1' : 'ok'),
          latencyInMs: [150, 250],
        });
        try {
          const calls = await measure(scene, rate);
          const holdUps = await scene.holdUps();
          const worst = worstSecondButForHoldUps({ calls, rate, holdUps });
          const used = shareOfRateUsed({ calls: callsWhileWorkWasLeft(calls), rate, holdUps });
          if (process.env.PACE_SECONDS) console.log(JSON.stringify({ store, rate, worst, used }));
          expect(worst).toBeLessThanOrEqual(rate);
          expect(used).toBeGreaterThanOrEqual(leastShareUsed);
        } finally {
          await scene.close();
        }
      });
    }
  }
});

/** Enqueues the archive and lets two workers do it; gives what the engine saw, in the order of arrival. */
async function measure(scene: Scene, rate: number): Promise<ServerCall[]> {
  const enqueue = scene.start(['enqueue', scene.photosFolder, '--backoff', '200ms..2s']);
  expect(await enqueue.ended, enqueue.output.stderr).toBe(0);
  const workers = [1, 2].map(() => scene.start(['worker', '--rate', `${rate}`]));
  await until(() => workers.every((worker) => worker.output.stderr.includes('finished')), {
    limitInMs: (seconds * 4 + 200) * 1000,
    what: 'the end of the run',
  });
  for (const worker of workers) worker.signal('SIGTERM');
  await Promise.all(workers.map((worker) => worker.ended));
  return scene.engine.control.calls();
}

/** Until the last photo was called for the first time; what follows are retries that wait for their delay. */
function callsWhileWorkWasLeft(calls: readonly ServerCall[]): readonly ServerCall[] {
  const seen = new Set<string | undefined>();
  let end = 0;
  for (const [place, { templateId }] of calls.entries()) {
    if (!seen.has(templateId)) end = place + 1;
    seen.add(templateId);
  }
  return calls.slice(0, end);
}
