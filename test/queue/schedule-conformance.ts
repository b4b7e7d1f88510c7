import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QueueBackend, ScheduleClock, TickWorker } from '../../src/queue/queue.ts';
import { nextTick } from '../../src/schedule/cron.ts';
import type { QueueServer } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';

/** What the clock of every backend must do. */
export function describeSchedules(start: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let backend: QueueBackend;
  let clock: ScheduleClock;
  let clockId: string;
  let workers: TickWorker[];

  const everySecond = { name: 'often', cron: '* * * * * *', tz: 'UTC', version: 'one' };
  const nightly = { name: 'night.ly', cron: '0 2 * * *', tz: 'Europe/Berlin', version: 'one' };

  beforeAll(async () => {
    server = await start();
    backend = await server.open();
  });
  beforeEach(() => {
    clockId = randomUUID();
    clock = backend.openScheduleClock({ clockId, nextTick });
    workers = [];
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const { name } of await clock.list()) await clock.remove(name);
    await clock.close();
  });
  afterAll(async () => {
    await backend.close();
    await until(async () => (await server.connections()) === 0, { what: 'the end of all connections' });
    await server.close();
  });

  function work(onTick: (tick: { name: string; tick: number }) => Promise<void> | void): void {
    const worker = clock.work({
      workerName: 'w',
      onTick: async (tick) => onTick(tick),
      onError: () => undefined,
    });
    workers.push(worker);
  }

  describe('a clock of schedules', () => {
    it('knows what it was told, once each, and forgets it', async () => {
      expect(await clock.list()).toEqual([]);
      await clock.put(nightly);
      await clock.put(everySecond);
      const byName = async () => (await clock.list()).sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(await byName()).toEqual([
        { ...nightly, ticks: true },
        { ...everySecond, ticks: true },
      ]);
      const changed = { ...nightly, cron: '30 3 * * *', tz: 'UTC', version: 'two' };
      await clock.put(changed);
      await clock.remove('often');
      await clock.remove('often');
      expect(await byName()).toEqual([{ ...changed, ticks: true }]);
    });

    it('is another one under another name', async () => {
      await clock.put(nightly);
      const other = backend.openScheduleClock({ clockId: randomUUID(), nextTick });
      expect(await other.list()).toEqual([]);
      await other.remove('night.ly');
      await other.close();
      expect(await clock.list()).toHaveLength(1);
    });

    it('ticks at whole seconds, each time to one worker, and keeps nothing of it', async () => {
      const ticks: number[] = [];
      for (const _ of [1, 2]) work(({ tick }) => void ticks.push(tick));
      await clock.put(everySecond);
      await until(() => ticks.length >= 3);
      expect(ticks.every((tick) => tick % 1_000 === 0)).toBe(true);
      expect(new Set(ticks).size).toBe(ticks.length);
      await clock.remove('often');
      await until(async () => (await clock.list()).length === 0);
    });

    it('gives one tick for all that were due while nobody worked', async () => {
      await clock.put(everySecond);
      await delay(3_200);
      const ticks: number[] = [];
      work(({ tick }) => void ticks.push(tick));
      await until(() => ticks.length >= 2);
      const [late = 0, next = 0] = ticks;
      expect(next - late).toBeGreaterThan(2_000);
    });

    it('goes on after a tick that failed', async () => {
      const ticks: number[] = [];
      work(({ tick }) => {
        ticks.push(tick);
        throw new Error('no');
      });
      await clock.put(everySecond);
      await until(() => ticks.length >= 2);
      expect(new Set(ticks).size).toBe(ticks.length);
    });

    it('says that a schedule does not tick any more, and has it tick again', async () => {
      await clock.put(everySecond);
      await server.loseTick(clockId);
      expect(await clock.list()).toEqual([{ ...everySecond, ticks: false }]);
      await clock.put(everySecond);
      const ticks: number[] = [];
      work(({ tick }) => void ticks.push(tick));
      await until(() => ticks.length >= 2);
      expect(await clock.list()).toMatchObject([{ name: 'often' }]);
    });
  });
}
