import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pauseByUser, resumeAccount } from '../../src/account/account-pause.ts';
import { processSeen } from '../../src/account/account-state.ts';
import type { AccountStore } from '../../src/account/account-store.ts';
import { createRateLimiter, type RateLimiterOptions } from '../../src/account/create-rate-limiter.ts';
import { AccountPausedError, type Permit, type RateLimiter } from '../../src/account/rate-limiter.ts';
import { slotSpacing } from '../../src/account/slot-spacing.ts';
import type { EngineReply } from '../../src/engines/engine.ts';
import { createMemoryAccountStore } from './memory-account-store.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);
const enrolled: EngineReply = { kind: 'enrolled', httpStatus: 200, templateId: 't' };
const unavailable: EngineReply = { kind: 'unavailable', httpStatus: 503, message: 'HTTP 503', sent: true };
const account = 'account';

const eventually = (holds: () => unknown) => vi.waitFor(holds, { timeout: 60_000 });

describe('a gate', () => {
  const limiters: RateLimiter[] = [];
  const warnings: string[] = [];
  let photos = 0;

  function openRateLimiter(store: AccountStore, options: Partial<RateLimiterOptions> = {}): RateLimiter {
    const note = (...text: unknown[]) => void warnings.push(String(text.at(-1)));
    const limiter = createRateLimiter({
      store,
      account,
      ratePerSecond: 200,
      concurrency: 16,
      processName: `process-${limiters.length}`,
      giveUpAfterInMs: 3_600_000,
      probeDelay: { firstInMs: 100, ceilingInMs: 400 },
      log: { info: note, warn: note },
      ...options,
    });
    limiters.push(limiter);
    return limiter;
  }

  /** A store whose first second has passed. */
  async function openStore() {
    const start = performance.now();
    const store = createMemoryAccountStore(() => 1_800_000_000_000 + performance.now() - start);
    await store.reserve({ account, slots: 0, spacing: slotSpacing(1), aheadInMs: 0, notes: [] });
    await delay(1005);
    return store;
  }

  const done = (permit: Permit, reply: EngineReply | undefined = enrolled, photo = `photo-${++photos}`) =>
    permit.done({ reply, photo, attemptsBefore: 0 });

  afterEach(async () => {
    await Promise.all(limiters.splice(0).map((limiter) => limiter.close()));
    warnings.length = 0;
  });

  it('gives calls one interval apart, and none of them early', async () => {
    const limiter = openRateLimiter(await openStore(), { ratePerSecond: 50 });
    const entered: number[] = [];
    for (let call = 0; call < 30; call += 1) {
      const permit = await limiter.acquire({ runId: 'run', signal: never });
      entered.push(performance.now());
      permit.sent();
      await done(permit);
    }
    const spanInMs = (entered.at(-1) ?? 0) - (entered[0] ?? 0);
    expect(spanInMs).toBeGreaterThanOrEqual((29 * 1000) / 50);
    expect(spanInMs).toBeLessThan(5000);
    expect(limiter.snapshot()).toMatchObject({ ratePerSecond: 50, state: 'open', heldByConcurrency: false });
    expect(limiter.snapshot().achievedPerSecond).toBeGreaterThan(10);
  });

  it.each<[string, Partial<RateLimiterOptions>, (number | undefined)[], number]>([
    ['the rate of a run stands above a default', { ratePerSecond: 10, isCeiling: false }, [50], 50],
    ['a rate that was given is the ceiling', { ratePerSecond: 10, isCeiling: true }, [50], 10],
    ['below the ceiling the run decides', { ratePerSecond: 10, isCeiling: true }, [4], 4],
    [
      'a run without a rate leaves it to the process',
      { ratePerSecond: 10, isCeiling: false },
      [undefined],
      10,
    ],
    ['and so beside one that has its own', { ratePerSecond: 10, isCeiling: false }, [undefined, 50], 50],
    ['of two runs the lower decides', { ratePerSecond: 10, isCeiling: false }, [50, 20, undefined], 20],
  ])('%s', async (_, options, ratesOfRuns, expected) => {
    const store = createMemoryAccountStore(Date.now);
    const limiter = openRateLimiter(store, { ...options, processName: 'own' });
    const own = limiter.snapshot().ratePerSecond;
    const leave = ratesOfRuns.map((rate, index) => limiter.joinRun(`run-${index}`, rate));
    const published = async () => (await store.read(account)).state.rates.own?.ratePerSecond;
    await eventually(async () => expect(await published()).toBe(expected));
    await eventually(() => expect(limiter.snapshot().ratePerSecond).toBe(expected));
    // The others on the account keep to it, too.
    const other = openRateLimiter(store, { ratePerSecond: 1000 });
    await eventually(() => expect(other.snapshot().ratePerSecond).toBe(expected));
    for (const left of leave) left();
    await eventually(() => expect(limiter.snapshot().ratePerSecond).toBe(own));
  });

  it('paces the calls of a run by its own rate', async () => {
    const limiter = openRateLimiter(await openStore(), { ratePerSecond: 2, isCeiling: false });
    limiter.joinRun('run', 50);
    const start = performance.now();
    for (let call = 0; call < 20; call += 1)
      await done(await limiter.acquire({ runId: 'run', signal: never }));
    const spanInMs = performance.now() - start;
    expect(spanInMs).toBeGreaterThanOrEqual((18 * 1000) / 50);
    // At the process's own rate it would be nine seconds.
    expect(spanInMs).toBeLessThan(8000);
  });

  it('keeps to rates below one a second', async () => {
    const store = await openStore();
    const slots: number[] = [];
    const reserve: AccountStore['reserve'] = async (request) => {
      const reservation = await store.reserve(request);
      slots.push(...reservation.slots.map(({ at }) => at));
      return reservation;
    };
    const limiter = openRateLimiter({ ...store, reserve }, { ratePerSecond: 0.8 });
    // A thread that was held up sees its permit late: the slots tell how far apart the permits were given.
    const entered: number[] = [];
    for (let call = 0; call < 3; call += 1) {
      const permit = await limiter.acquire({ runId: 'run', signal: never });
      entered.push(performance.now());
      await done(permit);
    }
    for (const times of [slots, entered]) expect(times).toHaveLength(3);
    const [first = 0, second = 0, third = 0] = slots;
    for (const gap of [second - first, third - second]) {
      expect(gap).toBeGreaterThan(1250);
      expect(gap).toBeLessThan(2 * 1250);
    }
    // None is early: the last permit came at least two gaps behind the first slot.
    expect((entered[2] ?? 0) - (entered[0] ?? 0)).toBeGreaterThan(2 * 1200);
  });

  it('pushes the line when a call leaves late', async () => {
    const store = await openStore();
    const limiter = openRateLimiter(store, { ratePerSecond: 10 });
    const permit = await limiter.acquire({ runId: 'run', signal: never });
    const entered = performance.now();
    await delay(400);
    permit.sent();
    await done(permit);
    const passes = await Promise.all(
      Array.from({ length: 10 }, () => limiter.acquire({ runId: 'run', signal: never })),
    );
    expect(performance.now() - entered).toBeGreaterThanOrEqual(1400);
    for (const each of passes) await done(each);
  });

  it('lets no more calls be in flight than the concurrency, and says when that holds it back', async () => {
    const limiter = openRateLimiter(await openStore(), { concurrency: 3 });
    let inFlight = 0;
    let most = 0;
    const call = async () => {
      const permit = await limiter.acquire({ runId: 'run', signal: never });
      inFlight += 1;
      most = Math.max(most, inFlight);
      await delay(150);
      inFlight -= 1;
      await done(permit);
    };
    await Promise.all(Array.from({ length: 24 }, call));
    expect(most).toBe(3);
    expect(limiter.snapshot().heldByConcurrency).toBe(true);
  });

  it('serves runs in turn, and within a run who came first', async () => {
    const limiter = openRateLimiter(await openStore(), { ratePerSecond: 100, concurrency: 1 });
    const served: string[] = [];
    const enter = async (runId: string, name: string) => {
      const permit = await limiter.acquire({ runId, signal: never });
      served.push(name);
      await done(permit);
    };
    const large = Array.from({ length: 6 }, (_, place) => enter('large', `large-${place}`));
    const small = Array.from({ length: 2 }, (_, place) => enter('small', `small-${place}`));
    await Promise.all([...large, ...small]);
    expect(served.slice(0, 4)).toEqual(['large-0', 'small-0', 'large-1', 'small-1']);
    expect(served.slice(4)).toEqual(['large-2', 'large-3', 'large-4', 'large-5']);
  });

  it('lets who waits be called off, and the others go on', async () => {
    const limiter = openRateLimiter(await openStore(), { concurrency: 1 });
    const permit = await limiter.acquire({ runId: 'run', signal: never });
    const controller = new AbortController();
    const off = limiter.acquire({ runId: 'run', signal: controller.signal });
    const next = limiter.acquire({ runId: 'run', signal: never });
    controller.abort(new Error('enough'));
    await expect(off).rejects.toThrow('enough');
    await expect(limiter.acquire({ runId: 'run', signal: controller.signal })).rejects.toThrow('enough');
    await done(permit);
    await done(await next, undefined);
  });

  it('refuses everybody when it is closed', async () => {
    const limiter = openRateLimiter(await openStore(), { ratePerSecond: 0.1 });
    await done(await limiter.acquire({ runId: 'run', signal: never }));
    const waiting = limiter.acquire({ runId: 'run', signal: never });
    const refused = expect(waiting).rejects.toThrow('closed');
    await Promise.all([limiter.close(), limiter.close()]);
    await refused;
    await expect(limiter.acquire({ runId: 'run', signal: never })).rejects.toThrow('closed');
  });

  it('uses the lowest rate of all processes and warns of the difference', async () => {
    const store = await openStore();
    await store.change(account, (state, now) =>
      processSeen(state, { processName: 'slow', ratePerSecond: 5 }, now),
    );
    const limiter = openRateLimiter(store, { ratePerSecond: 50 });
    await done(await limiter.acquire({ runId: 'run', signal: never }));
    expect(limiter.snapshot().ratePerSecond).toBe(5);
    expect(warnings.join()).toContain('(5, 50 calls a second): the lowest, 5, is used');
    await limiter.close();
    expect(Object.keys((await store.read(account)).state.rates)).toEqual(['slow']);
  });

  it('slows down after a throttled reply and honours Retry-After', async () => {
    const store = await openStore();
    const limiter = openRateLimiter(store);
    const permit = await limiter.acquire({ runId: 'run', signal: never });
    permit.sent();
    const reply: EngineReply = {
      kind: 'throttled',
      httpStatus: 429,
      message: 'slow down',
      retryAfterInMs: 700,
    };
    expect(await done(permit, reply)).toEqual({ charged: false });
    const throttledAt = performance.now();
    expect(limiter.snapshot()).toMatchObject({ state: 'throttled', ratePerSecond: 100 });
    await done(await limiter.acquire({ runId: 'run', signal: never }));
    expect(performance.now() - throttledAt).toBeGreaterThanOrEqual(680);
  });

  it('refuses who waits when the account is paused, and lets in again after a resume', async () => {
    const store = await openStore();
    const limiter = openRateLimiter(store, { ratePerSecond: 2 });
    await done(await limiter.acquire({ runId: 'run', signal: never }));
    const waiting = [1, 2, 3].map(() => limiter.acquire({ runId: 'run', signal: never }));
    const refused = Promise.allSettled(waiting);
    await store.change(account, pauseByUser);
    const reasons = (await refused).flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(reasons.length).toBeGreaterThanOrEqual(2);
    expect(
      reasons.every((reason) => reason instanceof AccountPausedError && reason.pause.reason === 'user'),
    ).toBe(true);
    expect(limiter.snapshot()).toMatchObject({ state: 'paused' });
    for (const each of await refused) if (each.status === 'fulfilled') await done(each.value);
    await expect(limiter.acquire({ runId: 'run', signal: never })).rejects.toThrow(AccountPausedError);
    await store.change(account, resumeAccount);
    await delay(1050);
    await done(await limiter.acquire({ runId: 'run', signal: never }));
  });

  it('probes an engine that is down with one call at a time, over all processes', async () => {
    const store = await openStore();
    const all = [openRateLimiter(store), openRateLimiter(store)];
    let isUp = false;
    let inFlight = 0;
    let mostInFlight = 0;
    const probedAt: number[] = [];
    const over = new AbortController();
    setMaxListeners(0, over.signal);
    const charged = new Set<string>();

    const call = async (limiter: RateLimiter) => {
      while (!over.signal.aborted) {
        const permit = await limiter.acquire({ runId: 'run', signal: over.signal }).catch(() => undefined);
        if (!permit) return;
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        probedAt.push(performance.now());
        await delay(20);
        inFlight -= 1;
        const photo = `photo-${++photos}`;
        if ((await done(permit, isUp ? enrolled : unavailable, photo)).charged && !isUp) charged.add(photo);
      }
    };
    const callers = all.flatMap((limiter) => Array.from({ length: 4 }, () => call(limiter)));
    const states = () => all.map((limiter) => limiter.snapshot().state);
    await eventually(() => expect(states()).toEqual(['down', 'down']));
    // Calls that were made before are over: what comes now are probes.
    await eventually(() => expect(inFlight).toBeLessThanOrEqual(1));
    mostInFlight = 0;
    probedAt.length = 0;
    await eventually(() => expect(probedAt.length).toBeGreaterThanOrEqual(4));
    expect(states()).toEqual(['down', 'down']);
    expect(charged.size).toBeLessThan(5);
    expect(mostInFlight).toBe(1);
    const gaps = probedAt.slice(1, 4).map((at, place) => at - (probedAt[place] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThan(190);
    isUp = true;
    await eventually(() => expect(states()).toEqual(['open', 'open']));
    over.abort();
    await Promise.all(callers);
  });

  it('waits for a store that fails, makes no call without a slot, and goes on when it answers', async () => {
    const store = await openStore();
    let isFailing = false;
    const fail = () => Promise.reject(new Error('the connection is closed'));
    const flaky: AccountStore = {
      reserve: (request) => (isFailing ? fail() : store.reserve(request)),
      postpone: (request) => (isFailing ? fail() : store.postpone(request)),
      change: (name, change) => (isFailing ? fail() : store.change(name, change)),
      read: (name) => (isFailing ? fail() : store.read(name)),
    };
    const limiter = openRateLimiter(flaky);
    await done(await limiter.acquire({ runId: 'run', signal: never }));
    isFailing = true;
    let hasEntered = false;
    const entering = limiter.acquire({ runId: 'run', signal: never }).then((permit) => {
      hasEntered = true;
      return permit;
    });
    await delay(300);
    expect(hasEntered).toBe(false);
    isFailing = false;
    const permit = await entering;
    isFailing = true;
    const taking = done(permit, unavailable);
    await delay(100);
    isFailing = false;
    expect(await taking).toEqual({ charged: true });
    expect(warnings.filter((warning) => warning.includes('does not answer'))).toHaveLength(2);
  });

  it('notices slots that the store lost, and goes on a second later: nobody knows who used them', async () => {
    const store = await openStore();
    const limiter = openRateLimiter(store);
    const enter = async (calls: number) => {
      const entered: number[] = [];
      for (let call = 0; call < calls; call += 1) {
        const permit = await limiter.acquire({ runId: 'run', signal: never });
        entered.push(performance.now());
        permit.sent();
        await done(permit);
      }
      return entered;
    };
    await enter(20);
    const goBack = store.copy();
    await enter(60);
    const isLost = (text: string) => text.includes('lost the state of the rate limiter');
    expect(warnings.filter(isLost)).toEqual([]);
    goBack();
    // A few slots were reserved before.
    const entered = [performance.now(), ...(await enter(20))];
    const gaps = entered.slice(1).map((at, index) => at - (entered[index] ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThan(900);
    expect(warnings.filter(isLost)).toHaveLength(1);
  });

  it('begins a second later when the store lost everything, and tells it its rate again', async () => {
    const store = await openStore();
    const limiter = openRateLimiter(store);
    for (let call = 0; call < 5; call += 1)
      await done(await limiter.acquire({ runId: 'run', signal: never }));
    store.wipe();
    const wipedAt = performance.now();
    await done(await limiter.acquire({ runId: 'run', signal: never }));
    expect(performance.now() - wipedAt).toBeGreaterThanOrEqual(990);
    expect(performance.now() - wipedAt).toBeLessThan(5000);
    expect(Object.keys((await store.read(account)).state.rates)).toHaveLength(1);
  });
});
