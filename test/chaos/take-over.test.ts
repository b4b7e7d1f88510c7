import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { worstCertainSecond } from '../helpers/engine-server-calls.ts';
import { until } from '../helpers/until.ts';
import { proveRun } from './prove-run.ts';
import { onlyRunFolder, readJson, readParts } from './run-files.ts';
import { openScene } from './scene.ts';
import { storeNames } from './stores.ts';

const rate = 40;
const concurrency = 8;

/** The lease of a conductor lasts 20 s: that is how long the other one waits here. */
describe.concurrent('a conductor that sleeps past the end of its lease', () => {
  it.each(storeNames)(
    'and wakes beside its successor leaves one line a photo (%s)',
    { timeout: 240_000 },
    async (store) => {
      const scene = await openScene({ store, photos: 1000 });
      const start = () =>
        scene.start(['run', scene.photosFolder, '--rate', `${rate}`, '--concurrency', `${concurrency}`]);
      const { control } = scene.engine;
      try {
        const first = start();
        await until(async () => (await control.callCount()) > 100, { limitInMs: 60_000 });
        const runFolder = await onlyRunFolder(scene.stateFolder);
        const epoch = async () => Number((await readJson(join(runFolder, 'run.json'))).epoch);
        const firstEpoch = await epoch();
        first.signal('SIGSTOP');
        const second = start();
        await until(async () => (await epoch()) > firstEpoch, { limitInMs: 60_000, what: 'a take-over' });
        const callsBefore = await control.callCount();
        await until(async () => (await control.callCount()) > callsBefore + 50, { limitInMs: 60_000 });
        first.signal('SIGCONT');

        expect(await second.ended, second.output.stderr).toBe(0);
        expect(await first.ended, first.output.stderr).toBe(0);
        const proof = await proveRun(scene, runFolder);
        if (process.env.CHAOS_FIGURES) console.log('take-over', store, JSON.stringify(proof));
        expect(proof.epoch).toBeGreaterThan(firstEpoch);
        expect(proof.repeated).toBeLessThanOrEqual(2 * concurrency);
        const epochs = new Set((await readParts(runFolder)).names.map((name) => Number(name.split('-')[0])));
        expect([...epochs].sort()).toEqual([firstEpoch, proof.epoch]);
        expect(worstCertainSecond(await control.calls())).toBeLessThanOrEqual(rate);
      } finally {
        await scene.close();
      }
    },
  );
});
