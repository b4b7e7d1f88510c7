import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import { readWorkerRegistrations } from '../../src/queue/presence.ts';
import { isDeadProcess } from '../../src/util/process-name.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { until } from '../helpers/until.ts';
import { proveRun } from './prove-run.ts';
import type { RollcallProcess } from './rollcall-process.ts';
import { onlyRunFolder } from './run-files.ts';
import { openScene, type Scene } from './scene.ts';
import { storeNames } from './stores.ts';

const photos = 400;
const concurrency = 4;
/** So slow that the run lasts until further processes have come and gone, on a machine that is busy, too. */
const slowRate = 10;

describe.concurrent('several processes of one command', () => {
  it.each(storeNames)('are one in pace and end, whichever of them is killed (%s)', async (store) => {
    const scene = await openScene({ store, photos });
    const presence = await openPresence(scene);
    const { control } = scene.engine;
    const settings = ['--concurrency', `${concurrency}`, '--queue', scene.store.queue];
    const run = ['run', scene.photosFolder, ...settings];
    try {
      const first = scene.start([...run, '--processes', '3', '--rate', `${slowRate}`]);
      const begun = await presence.further(first, 2);
      for (const name of begun) scene.watch(pidOf(name));
      const [victim = ''] = begun;
      if (process.platform === 'linux') {
        const words = await readFile(`/proc/${pidOf(victim)}/cmdline`, 'utf8');
        expect(words).not.toContain(scene.store.queue);
      }
      process.kill(pidOf(victim), 'SIGKILL');
      await until(() => !isAlive(victim));
      const after = await presence.further(first, 2);
      for (const name of after) scene.watch(pidOf(name));
      expect(first.output.stderr).toContain('One of 3 processes ended (SIGKILL); another starts in 1s');

      // As a terminal does.
      for (const pid of [first.pid, ...after.map(pidOf)]) process.kill(pid, 'SIGINT');
      expect(await first.ended, first.output.stderr).toBe(130);
      expect(after.filter(isAlive)).toEqual([]);
      expect(first.output.stderr.match(/Draining/g)).toHaveLength(1);
      const calls = await control.calls();
      expect(calls.every((call) => call.status === 200)).toBe(true);
      provePace({ calls, rate: slowRate, holdUps: await scene.holdUps() });

      const second = scene.start(['worker', ...settings, '--processes', '2']);
      const orphans = await presence.further(second, 1);
      await second.kill();
      await until(() => !orphans.some(isAlive), { what: 'the end of processes whose command was killed' });

      const third = scene.start([...run, '--rate', '200']);
      expect(await third.ended, third.output.stderr).toBe(0);
      const proof = await proveRun(scene, await onlyRunFolder(scene.stateFolder));
      // Those in flight of the two that were killed; all others let theirs end.
      expect(proof.repeated).toBeLessThanOrEqual(2 * concurrency);
    } finally {
      await presence.close();
      await scene.close();
    }
  });
});

/** Which processes work on runs, as all others on the queue see it. */
async function openPresence(scene: Scene) {
  const { queue: address } = scene.store;
  const queue = await openQueue({ queue: address, stateFolder: scene.stateFolder, onError: () => {} });
  return {
    /** The names of those that a command started, once as many work. */
    further: (command: RollcallProcess, count: number) =>
      until(
        async () => {
          const registered = await readWorkerRegistrations(queue.presence);
          const further = registered
            .filter(({ name, runs }) => runs.length > 0 && pidOf(name) !== command.pid)
            .map(({ name }) => name)
            .filter(isAlive);
          return further.length === count && further;
        },
        { pollInMs: 100, what: 'the work of further processes' },
      ),
    close: () => queue.close(),
  };
}

const pidOf = (name: string) => Number(name.split(':')[1]);
const isAlive = (name: string) => !isDeadProcess(name);
