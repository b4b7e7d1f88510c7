import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { until } from '../helpers/until.ts';
import { proveRun } from './prove-run.ts';
import type { RollcallProcess } from './rollcall-process.ts';
import { onlyRunFolder } from './run-files.ts';
import { openScene, type Scene } from './scene.ts';
import { type StoreName, storeNames } from './stores.ts';

const rate = 40;
const concurrency = 8;

interface Fault {
  readonly what: string;
  readonly stores: readonly StoreName[];
  /** Done in mid-run; gives the process that is to end by itself. */
  readonly strike: (scene: Scene, run: RollcallProcess) => Promise<RollcallProcess>;
}

const faults: readonly Fault[] = [
  {
    what: 'forgets everything',
    stores: storeNames,
    async strike({ store }, run) {
      await store.wipe();
      return run;
    },
  },
  {
    what: 'forgets everything while nobody is there',
    stores: storeNames,
    async strike(scene, run) {
      await run.kill();
      await scene.store.wipe();
      return createOrResumeRun(scene);
    },
  },
  {
    what: 'is stopped for 20 s',
    stores: ['redis'],
    async strike({ store }, run) {
      await store.stop();
      await delay(20_000);
      await store.start();
      return run;
    },
  },
  {
    what: 'is killed with -9',
    stores: storeNames,
    async strike({ store }, run) {
      await store.kill();
      await store.start();
      return run;
    },
  },
];

/** These wait more than they work: they wait together. */
describe.concurrent('the store of a queue', () => {
  for (const { what, stores, strike } of faults) {
    for (const store of stores) {
      it(`${what}: a run costs repeated calls, never a photo (${store})`, async () => {
        const scene = await openScene({ store, photos: orLong(320, 500) });
        try {
          const run = createOrResumeRun(scene);
          await until(async () => (await scene.engine.control.callCount()) > 150, {
            pollInMs: 100,
          });
          const struck = await strike(scene, run);
          expect(await struck.ended, struck.output.stderr).toBe(0);
          const { repeated } = await proveRun(scene, await onlyRunFolder(scene.stateFolder));
          if (process.env.CHAOS_FIGURES) console.log(what, store, repeated);
          // What was in work, what was done and not collected, and what had passed the gate.
          expect(repeated).toBeLessThanOrEqual(3 * concurrency);
          provePace({ calls: await scene.engine.control.calls(), rate, holdUps: await scene.holdUps() });
        } finally {
          await scene.close();
        }
      });
    }
  }
});

function createOrResumeRun(scene: Scene): RollcallProcess {
  return scene.start([
    'run',
    scene.photosFolder,
    ...['--rate', `${rate}`, '--concurrency', `${concurrency}`],
  ]);
}
