import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LeaseStore } from '../../src/account/lease-store.ts';
import type { QueueBackend } from '../../src/queue/queue.ts';
import type { QueueServer } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';

/** What every backend's leases, budgets of calls and dead letters must do. */
export function describeLeases(start: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let backend: QueueBackend;
  let leases: LeaseStore;
  let key: string;
  const minute = 60_000;

  beforeAll(async () => {
    server = await start();
    backend = await server.open();
    leases = backend.leases;
  });
  beforeEach(() => {
    key = `run-${randomUUID()}`;
  });
  afterAll(async () => {
    await backend.close();
    await until(async () => (await server.connections()) === 0, { what: 'the end of all connections' });
    await server.close();
  });

  const acquire = (holder: string, more: { durationInMs?: number; minEpoch?: number; evict?: string } = {}) =>
    leases.acquire({ key, holder, durationInMs: minute, minEpoch: 0, ...more });

  describe('a budget of calls', () => {
    it('gives each call to one of many who ask, and no more than there are', async () => {
      const { callBudget } = backend;
      const asked = await Promise.all(Array.from({ length: 50 }, () => callBudget.take(key, 20)));
      expect(asked.filter((taken) => taken)).toHaveLength(20);
      expect(await callBudget.raise(key, 0)).toBe(20);
    });

    it('remembers what the report shows', async () => {
      const { callBudget } = backend;
      expect(await callBudget.take(key, 1)).toBe(true);
      expect(await callBudget.take(key, 1)).toBe(false);
      expect(await callBudget.raise(key, 7)).toBe(7);
      expect(await callBudget.raise(key, 3)).toBe(7);
      expect(await callBudget.take(key, 7)).toBe(false);
    });
  });

  describe('a registration', () => {
    it('is there until it is withdrawn or expires, in its newest form', async () => {
      const { presence } = backend;
      const announce = (kind: 'run' | 'worker', name: string, registration: object, durationInMs = minute) =>
        presence.announce({ kind, name, registration: { ...registration }, durationInMs });
      expect(await presence.list('worker')).toEqual([]);
      await announce('worker', 'a', { name: 'a', runs: [] });
      await announce('worker', 'b', { name: 'b', address: 'a\0b' });
      await announce('worker', 'a', { name: 'a', runs: ['r'] });
      await announce('run', 'a', { run: 'a' });
      const named = async (kind: 'run' | 'worker') =>
        (await presence.list(kind)).sort((one, other) =>
          JSON.stringify(one) < JSON.stringify(other) ? -1 : 1,
        );
      expect(await named('worker')).toEqual([
        { name: 'a', runs: ['r'] },
        { name: 'b', address: 'a\uFFFDb' },
      ]);
      await presence.withdraw({ kind: 'worker', name: 'b' });
      await presence.withdraw({ kind: 'worker', name: 'b' });
      await announce('worker', 'c', { name: 'c' }, 50);
      await until(async () => (await presence.list('worker')).length === 1);
      expect(await named('worker')).toEqual([{ name: 'a', runs: ['r'] }]);
      expect(await named('run')).toEqual([{ run: 'a' }]);
    });
  });

  describe('whoever waits for runs', () => {
    it('is told of each that is new, and not of those that are announced again', async () => {
      const { presence } = backend;
      const other = await server.open();
      let heard = 0;
      const leave = presence.watchRuns(() => {
        heard += 1;
      });
      const announce = (kind: 'run' | 'worker', name: string) =>
        other.presence.announce({ kind, name, registration: {}, durationInMs: minute });
      const announceNew = () => announce('run', `run-${randomUUID()}`);
      const isHeard = (before: number) => async () => {
        await announceNew();
        return heard > before;
      };
      try {
        // It takes a moment until it listens.
        await until(isHeard(0));
        await announce('run', 'again');
        const before = heard;
        for (let time = 0; time < 100; time += 1) await announce('run', 'again');
        await announce('worker', 'again');
        await until(isHeard(before));
        expect(heard - before).toBeLessThan(50);
      } finally {
        await leave();
        await other.close();
      }
    });
  });

  describe('a lease', () => {
    it('belongs to one holder, and its epoch rises with every take-over', async () => {
      expect(await leases.holder(key)).toBeUndefined();
      expect(await acquire('a')).toEqual({ epoch: 1 });
      expect(await leases.holder(key)).toBe('a');
      const refused = await acquire('b');
      expect(refused).toMatchObject({ heldBy: 'a' });
      if ('expiresInMs' in refused) {
        expect(refused.expiresInMs).toBeGreaterThan(minute - 10_000);
        expect(refused.expiresInMs).toBeLessThanOrEqual(minute);
      }
      expect(await acquire('a')).toEqual({ epoch: 2 });
      expect(await leases.renew({ key, holder: 'a', epoch: 1, durationInMs: minute })).toBe(false);
      expect(await leases.renew({ key, holder: 'a', epoch: 2, durationInMs: minute })).toBe(true);
    });

    it('is free after it was given back, and after it expired', async () => {
      await acquire('a');
      await leases.release({ key, holder: 'b', epoch: 1 });
      expect(await leases.holder(key)).toBe('a');
      await leases.release({ key, holder: 'a', epoch: 1 });
      expect(await leases.holder(key)).toBeUndefined();
      expect(await leases.renew({ key, holder: 'a', epoch: 1, durationInMs: minute })).toBe(false);
      expect(await acquire('b', { durationInMs: 50 })).toEqual({ epoch: 2 });
      await until(async () => (await leases.holder(key)) === undefined);
      // Nobody else came: its holder may still go on.
      expect(await leases.renew({ key, holder: 'b', epoch: 2, durationInMs: 50 })).toBe(true);
      await until(async () => (await leases.holder(key)) === undefined);
      expect(await acquire('c')).toEqual({ epoch: 3 });
      expect(await leases.renew({ key, holder: 'b', epoch: 2, durationInMs: minute })).toBe(false);
    });

    it('is taken from a holder that is known to be dead, and from no other', async () => {
      await acquire('a');
      expect(await acquire('b', { evict: 'x' })).toMatchObject({ heldBy: 'a' });
      expect(await acquire('b', { evict: 'a' })).toEqual({ epoch: 2 });
    });

    it('never gives an epoch twice, though the store forgot everything', async () => {
      await acquire('a', { minEpoch: 6 });
      expect(await leases.renew({ key, holder: 'a', epoch: 7, durationInMs: minute })).toBe(true);
      await server.wipeLeases();
      expect(await leases.renew({ key, holder: 'a', epoch: 7, durationInMs: minute })).toBe(true);
      expect(await leases.holder(key)).toBe('a');
      await server.wipeLeases();
      expect(await acquire('b', { minEpoch: 7 })).toEqual({ epoch: 8 });
      expect(await leases.renew({ key, holder: 'a', epoch: 7, durationInMs: minute })).toBe(false);
    });

    it('goes to one of many who ask at once', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `holder-${index}`);
      const replies = await Promise.all(names.map((name) => acquire(name)));
      expect(replies.filter((reply) => 'epoch' in reply)).toEqual([{ epoch: 1 }]);
    });
  });

  describe('dead letters', () => {
    it('keeps the latest 10,000, newest first, each once', async () => {
      const letters = Array.from({ length: 10_050 }, (_, index) => ({
        id: `r-${index}`,
        line: { seq: index, message: 'a\0b' },
      }));
      await backend.deadLetters.add(letters.slice(0, 100));
      await backend.deadLetters.add(letters.slice(90, 100));
      expect(await backend.deadLetters.list(200)).toHaveLength(100);
      await backend.deadLetters.add(letters.slice(100));
      const kept = await backend.deadLetters.list(20_000);
      expect(kept).toHaveLength(10_000);
      expect(kept[0]).toEqual({ seq: 10_049, message: 'a\uFFFDb' });
      expect(kept.at(-1)).toMatchObject({ seq: 50 });
      expect((await backend.deadLetters.list(3)).map((line) => line.seq)).toEqual([10_049, 10_048, 10_047]);
    });
  });
}
