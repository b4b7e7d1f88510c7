import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledSource, compileSource } from '../helpers/compiled-source.ts';
import { isLong } from '../helpers/long.ts';
import { crashPoints } from './crash-points.ts';
import { proveLedger } from './prove-ledger.ts';
import { proveRun } from './prove-run.ts';
import { openScene, type Scene } from './scene.ts';
import type { StoreName } from './stores.ts';

const concurrency = 4;
/** One photo is called twice: its first call fails. */
const retried = 1;
const scriptOf = (index: number) => (index === 20 ? '503x1' : 'ok');

/** What happens to the state alone is the same on every store: tried on one, on all in the long form. */
function pointsFor(store: StoreName): string[] {
  const isOfAll = store === 'redis' || isLong;
  return Object.keys(crashPoints).filter((name) => isOfAll || crashPoints[name]?.state === undefined);
}

/** A run that ends at each moment at which it must not lose anything: the tests of one store. */
export function describeCrashPoints(store: StoreName): void {
  describe(`a run that died (${store})`, () => {
    let compiled: CompiledSource;
    let scene: Scene;

    beforeAll(async () => {
      [compiled, scene] = await Promise.all([compileSource(), openScene({ store, photos: 40, scriptOf })]);
    });
    afterAll(async () => {
      await scene.close();
    });

    it.each(pointsFor(store))('%s is resumed by the ordinary command', async (name) => {
      await scene.engine.control.reset();
      const runId = name.replace(/\W+/g, '-').slice(0, 60);
      // At this rate photos share jobs.
      const settings = {
        ROLLCALL_RATE: '200',
        ROLLCALL_CONCURRENCY: `${concurrency}`,
        ROLLCALL_BACKOFF: '50ms..1s',
      };

      const crashed = scene.start([name, scene.photosFolder, runId], {
        program: compiled.pathOf('test/chaos/crashing-run-child.ts'),
        environment: settings,
      });
      expect(await crashed.ended, crashed.output.stderr).toBeUndefined();

      const resumed = scene.start(['run', scene.photosFolder, '--run-id', runId], { environment: settings });
      expect(await resumed.ended, resumed.output.stderr).toBe(0);
      const runFolder = join(scene.stateFolder, 'runs', runId);
      const { repeated } = await proveRun(scene, runFolder);
      expect(await readdir(runFolder)).not.toContain('parts');
      expect(repeated).toBeLessThanOrEqual(concurrency + retried);
      await proveLedger(scene, runId);
    });
  });
}
