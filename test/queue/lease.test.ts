import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LeaseStore } from '../../src/account/lease-store.ts';
import { type Lease, takeLease } from '../../src/queue/lease.ts';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { type QueueServer, startEmbeddedQueue } from '../helpers/queue-servers.ts';

describe('the lease of a run', () => {
  let server: QueueServer;
  let backend: QueueBackend;
  const never = new AbortController().signal;

  beforeAll(async () => {
    server = await startEmbeddedQueue();
    backend = await server.open();
  });
  afterAll(async () => {
    await backend.close();
    await server.close();
  });

  const take = (runId: string, holder: string, more: { minEpoch?: number; leases?: LeaseStore } = {}) =>
    takeLease({
      leases: backend.leases,
      key: `run-${runId}`,
      holder,
      minEpoch: 0,
      onError: () => {},
      ...more,
    });
  const taken = async (...args: Parameters<typeof take>): Promise<Lease> => {
    const lease = await take(...args);
    if (!lease) throw new Error('not taken');
    return lease;
  };

  it('belongs to one; each take-over raises the epoch above all that were', async () => {
    const first = await taken('a', 'one:1:1');
    expect(first.epoch).toBe(1);
    expect(await take('a', 'two:1:1')).toBeUndefined();
    await first.release();
    const second = await taken('a', 'two:1:1', { minEpoch: 7 });
    expect(second.epoch).toBe(8);
    await first.release();
    expect(await take('a', 'one:1:1')).toBeUndefined();
    await second.release();
  });

  it('is fresh for as long as it was asked for, by this process’s own clock, and no longer', async () => {
    const lease = await taken('b', 'one:1:1');
    expect(lease.isFresh()).toBe(true);
    await lease.fresh(never);
    const start = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(start + 19_000);
    onTestFinished(() => clock.mockRestore());
    expect(lease.isFresh()).toBe(true);
    // As if the process had slept.
    clock.mockReturnValue(start + 20_001);
    expect(lease.isFresh()).toBe(false);
    const controller = new AbortController();
    const waiting = lease.fresh(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    await lease.release();
  });

  it('says when another has it, at the latest at the next renewal', async () => {
    const lease = await taken('c', 'one:1:1');
    const kept = lease.keep(never);
    await server.wipeLeases();
    const other = await taken('c', 'two:1:1', { minEpoch: lease.epoch });
    await kept;
    await lease.release();
    expect(await backend.leases.holder('run-c')).toBe('two:1:1');
    await other.release();
  });

  it('is given back and no longer kept where the store does not answer', async () => {
    const asked = new EventTarget();
    const silent: LeaseStore = {
      ...backend.leases,
      renew: () => {
        asked.dispatchEvent(new Event('renew'));
        return new Promise(() => {});
      },
      release: () => new Promise(() => {}),
    };
    const lease = await taken('d', 'one:1:1', { leases: silent });
    const controller = new AbortController();
    const renewing = once(asked, 'renew');
    const kept = lease.keep(controller.signal);
    await renewing;
    controller.abort();
    await kept;
    await lease.release();
  });
});
