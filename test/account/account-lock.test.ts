import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AccountLock, createAccountLock } from '../../src/account/account-lock.ts';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { type QueueServer, startEmbeddedQueue, startRedisQueue } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';

const none = new AbortController().signal;
setMaxListeners(0, none);

describe.each([
  ['embedded', startEmbeddedQueue],
  ['redis', startRedisQueue],
] as const)('the turns of an account, on %s', (_, start) => {
  let server: QueueServer;
  let backend: QueueBackend;
  const open: AccountLock[] = [];
  let count = 0;

  beforeAll(async () => {
    server = await start();
    backend = await server.open();
  });
  afterAll(async () => {
    await Promise.all(open.map((accountLock) => accountLock.close()));
    await backend.close();
    await server.close();
  });

  function createFor(account: string, leaseInMs?: number): AccountLock {
    count += 1;
    const accountLock = createAccountLock({
      leases: backend.leases,
      account,
      holder: `holder-${count}`,
      onError: (error) => server.errors.push(error),
      ...(leaseInMs !== undefined && { leaseInMs }),
    });
    open.push(accountLock);
    return accountLock;
  }

  it('are one at a time over all processes, and nobody is left waiting', async () => {
    // Three times as long as a process keeps the lock while another waits, so that it has to pass it on.
    const photosEach = 75;
    const processes = [1, 2, 3].map(() => createFor('many'));
    let inTurn = 0;
    const served = processes.map(() => 0);
    const all = processes.flatMap((accountLock, index) =>
      Array.from({ length: photosEach }, async () => {
        const hold = await accountLock.acquire(none);
        inTurn += 1;
        expect(inTurn).toBe(1);
        expect(hold.isHeld()).toBe(true);
        await delay(20);
        inTurn -= 1;
        served[index] = (served[index] ?? 0) + 1;
        // Whoever came first does not keep the others out until it is done.
        if (Math.max(...served) === photosEach) expect(Math.min(...served)).toBeGreaterThan(0);
        hold.release();
      }),
    );
    await Promise.all(all);
    expect(served).toEqual([photosEach, photosEach, photosEach]);
    await until(async () => (await backend.leases.holder('turn-many')) === undefined);
  });

  it('are not mixed up between accounts, and who stops waiting is passed over', async () => {
    const accountLock = createFor('one');
    const hold = await accountLock.acquire(none);
    (await createFor('other').acquire(none)).release();
    const leaving = new AbortController();
    const gone = accountLock.acquire(leaving.signal);
    const elsewhere = createFor('one').acquire(leaving.signal);
    const next = accountLock.acquire(none);
    leaving.abort(new Error('drained'));
    await expect(gone).rejects.toThrow('drained');
    await expect(elsewhere).rejects.toThrow('drained');
    hold.release();
    (await next).release();
    const kept = await accountLock.acquire(none);
    const waiting = accountLock.acquire(none);
    const closed = accountLock.close();
    await expect(waiting).rejects.toThrow('closed');
    kept.release();
    await closed;
  });

  it('are not relied on by a process that was frozen, nor by one whose turn is another one’s by now', async () => {
    const leaseInMs = 600;
    const frozen = await createFor('frozen', leaseInMs).acquire(none);
    // Renewed all the while, beyond its first length.
    await delay(2 * leaseInMs);
    await until(async () => (await backend.leases.holder('turn-frozen')) !== undefined);
    await until(() => frozen.isHeld());
    // The whole process stands still; the store's clock does not.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseInMs + 100);
    expect(frozen.isHeld()).toBe(false);
    // Nobody had it meanwhile.
    await until(() => frozen.isHeld());
    const evict = await backend.leases.holder('turn-frozen');
    const key = 'turn-frozen';
    await backend.leases.acquire({ key, holder: 'another', durationInMs: 60_000, minEpoch: 0, evict });
    await until(() => !frozen.isHeld());
    frozen.release();
    await delay(leaseInMs);
    expect(await backend.leases.holder(key)).toBe('another');
  });
});
