import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orLong } from '../helpers/long.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { until } from '../helpers/until.ts';
import { proveRun } from './prove-run.ts';
import { onlyRunFolder, readJson, readParts } from './run-files.ts';
import { openScene, type Scene } from './scene.ts';
import { storeNames } from './stores.ts';

const rate = 40;
const concurrency = 8;

/** The lease of a conductor lasts 20 s: that is how long the other one waits here. */
describe.concurrent('a conductor that sleeps past the end of its lease', () => {
  it.each(storeNames)('and wakes beside its successor leaves one line a photo (%s)', async (store) => {
    const scene = await openScene({ store, photos: orLong(480, 1000) });
    try {
      const { first, second, runFolder, epochs } = await freezeConductor(scene);
      const { control } = scene.engine;
      const callsBefore = await control.callCount();
      await until(async () => (await control.callCount()) > callsBefore + 50, {
        pollInMs: 100,
      });
      first.signal('SIGCONT');
      expect(await second.ended, second.output.stderr).toBe(0);
      expect(await first.ended, first.output.stderr).toBe(0);
      await proveTakeOver(scene, runFolder, epochs);
    } finally {
      await scene.close();
    }
  });

  it.each(storeNames)('and wakes when all is over changes nothing (%s)', async (store) => {
    const scene = await openScene({ store, photos: orLong(280, 500) });
    try {
      const { first, second, runFolder, epochs } = await freezeConductor(scene);
      expect(await second.ended, second.output.stderr).toBe(0);
      const report = await readFile(join(runFolder, 'report.jsonl'), 'utf8');
      first.signal('SIGCONT');
      expect(await first.ended, first.output.stderr).toBe(0);
      expect(await readFile(join(runFolder, 'report.jsonl'), 'utf8')).toBe(report);
      await proveTakeOver(scene, runFolder, epochs);
    } finally {
      await scene.close();
    }
  });
});

/** Stops a run's conductor in mid-run, and waits until another process has taken the run over. */
async function freezeConductor(scene: Scene) {
  const args = ['run', scene.photosFolder, '--rate', `${rate}`, '--concurrency', `${concurrency}`];
  const first = scene.start(args);
  await until(async () => (await scene.engine.control.callCount()) > 100, {
    pollInMs: 100,
  });
  const runFolder = await onlyRunFolder(scene.stateFolder);
  const epoch = async () => Number((await readJson(join(runFolder, 'run.json'))).epoch);
  const firstEpoch = await epoch();
  first.signal('SIGSTOP');
  const second = scene.start(args);
  await until(async () => (await epoch()) > firstEpoch, {
    pollInMs: 100,
    what: 'a take-over',
  });
  // They are gone once the run is over.
  const epochs = await until(
    async () => {
      const found = new Set((await readParts(runFolder)).names.map((name) => Number(name.split('-')[0])));
      return found.size > 1 && [...found].sort((a, b) => a - b);
    },
    { pollInMs: 100, what: 'a part of the second conductor' },
  );
  return { first, second, runFolder, epochs };
}

async function proveTakeOver(scene: Scene, runFolder: string, epochs: readonly number[]): Promise<void> {
  const proof = await proveRun(scene, runFolder);
  if (process.env.CHAOS_FIGURES) console.log(scene.store.name, JSON.stringify(proof));
  const [firstEpoch = 0, ...later] = epochs;
  expect(proof.epoch).toBeGreaterThan(firstEpoch);
  // What was in flight when it fell asleep, what had passed the gate when it woke, and what the successor gave back.
  expect(proof.repeated).toBeLessThanOrEqual(3 * concurrency);
  // On a busy machine the successor, too, may have had to take its own lease again.
  expect(later.length).toBeGreaterThan(0);
  expect(Math.max(...later)).toBeLessThanOrEqual(proof.epoch);
  provePace({ calls: await scene.engine.control.calls(), rate, holdUps: await scene.holdUps() });
}
