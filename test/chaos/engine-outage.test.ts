import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { until } from '../helpers/until.ts';
import { proveRun } from './prove-run.ts';
import { onlyRunFolder } from './run-files.ts';
import { openScene } from './scene.ts';
import { storeNames } from './stores.ts';

const rate = 100;
const concurrency = 16;

const outages = [
  { what: 'cuts every connection', mode: 'reset-before', seconds: orLong(15, 60) },
  { what: 'answers 503 to everything', mode: '503', seconds: orLong(15, 60) },
  { what: 'answers 429 to everything', mode: '429', seconds: orLong(10, 30) },
];

describe.concurrent.each(outages)(
  'an engine that $what for $seconds s at full speed',
  ({ mode, seconds }) => {
    it.each(storeNames)('costs no photo and few calls (%s)', async (store) => {
      const scene = await openScene({ store, photos: 600 });
      const { control } = scene.engine;
      try {
        const run = scene.start([
          'run',
          scene.photosFolder,
          ...['--rate', `${rate}`, '--concurrency', `${concurrency}`],
        ]);
        await until(async () => (await control.callCount()) > 200, { pollInMs: 100 });
        await control.setMode(mode);
        const callsBefore = await control.callCount();
        await delay(seconds * 1000);
        const callsWhileDown = (await control.callCount()) - callsBefore;
        await control.setMode('normal');

        expect(await run.ended, run.output.stderr).toBe(0);
        const { repeated } = await proveRun(scene, await onlyRunFolder(scene.stateFolder));
        if (process.env.CHAOS_FIGURES) console.log(mode, seconds, store, { callsWhileDown, repeated });
        expect(callsWhileDown).toBeLessThanOrEqual(mostCalls(mode, seconds));
        expect(repeated).toBeLessThanOrEqual(callsWhileDown + concurrency);
      } finally {
        await scene.close();
      }
    });
  },
);

/** Down: 20 replies tell it, those in flight come with them, then a probe at 1, 2, 4… s. Throttled: a tenth of the rate. */
function mostCalls(mode: string, seconds: number): number {
  if (mode === '429') return rate * (1 + 0.15 * seconds) + concurrency;
  return 20 + 2 * concurrency + Math.ceil(Math.log2(seconds)) + 1;
}
