import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { pauseByUser, resumeAccount } from '../../src/account/account-pause.ts';
import type { AccountState } from '../../src/account/account-state.ts';
import type { AccountStore, ReserveRequest } from '../../src/account/account-store.ts';
import { createRateLimiter, type RateLimiterOptions } from '../../src/account/create-rate-limiter.ts';
import { AccountPausedError, type Permit } from '../../src/account/rate-limiter.ts';
import { slotSpacing } from '../../src/account/slot-spacing.ts';
import type { AccountCheck, EngineReply, UnavailableReply } from '../../src/engines/engine.ts';
import { createMemoryAccountStore } from './memory-account-store.ts';

/** Steps of the limiter by a clock that is moved by hand; what it does in real time is in `create-rate-limiter.test.ts`. */
const account = 'account';
const epoch = 1_800_000_000_000;
const never = new AbortController().signal;
setMaxListeners(0, never);
const enrolled: EngineReply = { kind: 'enrolled', httpStatus: 200, templateId: 't' };
const refused: EngineReply = {
  kind: 'refused',
  httpStatus: 403,
  message: 'no',
  certain: false,
  fix: 'Look.',
};
const unavailable: UnavailableReply = {
  kind: 'unavailable',
  httpStatus: 503,
  message: 'HTTP 503',
  sent: true,
};

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

interface Given extends Partial<RateLimiterOptions> {
  readonly state?: Partial<AccountState>;
  /** So long until the store answers when it is asked for slots. */
  readonly tripInMs?: number;
}

async function open({ state, tripInMs = 0, ...given }: Given = {}) {
  const counts = { read: 0, isAway: false, setBackInMs: 0 };
  const memory = createMemoryAccountStore(() => epoch + performance.now() - counts.setBackInMs);
  const requests: ReserveRequest[] = [];
  const store: AccountStore = {
    ...memory,
    async reserve(request) {
      requests.push(request);
      const reservation = await memory.reserve(request);
      if (tripInMs > 0) await new Promise((resolve) => setTimeout(resolve, tripInMs));
      return reservation;
    },
    read(name) {
      counts.read += 1;
      return memory.read(name);
    },
    change: (name, change) => (counts.isAway ? new Promise(() => {}) : memory.change(name, change)),
  };
  const change = (more: Partial<AccountState>) =>
    memory.change(account, (before) => ({ ...before, ...more }));
  const stateNow = async () => (await memory.read(account)).state;
  if (state) await change(state);
  await memory.reserve({ account, slots: 0, spacing: slotSpacing(1), aheadInMs: 0, notes: [] });
  await pass(1000);
  const said: string[] = [];
  const limiter = createRateLimiter({
    ...{ store, account, ratePerSecond: 100, concurrency: 16, processName: 'own' },
    giveUpAfterInMs: 3_600_000,
    log: {
      info: (...text: unknown[]) => void said.push(`info ${text.at(-1)}`),
      warn: (...text: unknown[]) => void said.push(`warn ${text.at(-1)}`),
    },
    ...given,
  });
  onTestFinished(async () => {
    counts.isAway = false;
    await limiter.close();
  });
  await pass(0);
  const granted: Permit[] = [];
  const errors: unknown[] = [];
  const want = (calls: number, signal = never) => {
    for (let call = 0; call < calls; call += 1)
      limiter.acquire({ runId: 'run', signal }).then(
        (permit) => void granted.push(permit),
        (error) => void errors.push(error),
      );
  };
  let photos = 0;
  const finish = async (reply: EngineReply | 'none' = enrolled) => {
    const permit = granted.shift();
    if (!permit) throw new Error('nobody has a permit');
    photos += 1;
    permit.sent();
    const recorded = permit.done({
      ...{ reply: reply === 'none' ? undefined : reply, photo: `photo-${photos}`, attemptsBefore: 0 },
    });
    await pass(0);
    return recorded;
  };
  const notes = () => requests.flatMap((request) => request.notes);
  return { limiter, memory, counts, change, stateNow, said, granted, errors, want, finish, notes };
}

describe('the rate limiter of an account', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it('gives a place on when its call is over, once', async () => {
    const { limiter, granted, want, finish } = await open({ concurrency: 2 });
    want(4);
    await pass(200);
    expect([granted.length, limiter.snapshot().inFlight]).toEqual([2, 2]);
    const [first] = granted;
    await finish();
    await first?.done({ reply: enrolled, photo: 'photo-1', attemptsBefore: 0 });
    await pass(200);
    expect([granted.length, limiter.snapshot().inFlight]).toEqual([2, 2]);
    await finish();
    await finish();
    await pass(200);
    await finish();
    expect(limiter.snapshot().inFlight).toBe(0);
  });

  it('gives back the slot of a call that was not made, and of no other', async () => {
    const { granted, want, notes } = await open();
    want(3);
    await pass(200);
    const [unmade, aborted, made] = granted;
    const nothing = { reply: undefined, photo: 'p', attemptsBefore: 0 };
    aborted?.sent();
    for (const permit of [unmade, aborted]) void permit?.done(nothing);
    void made?.done({ ...nothing, reply: enrolled });
    await pass(200);
    // The second call left late, which was noted.
    expect(notes().filter(({ sentAt }) => sentAt === undefined)).toEqual([{ number: 1 }]);
  });

  it('gives back the slot of a caller that left before it was due', async () => {
    const { granted, want, notes } = await open({ ratePerSecond: 10 });
    const leaving = new AbortController();
    want(1);
    await pass(70);
    want(1, leaving.signal);
    await pass(10);
    leaving.abort(new Error('drained'));
    await pass(300);
    want(1);
    await pass(300);
    expect(granted).toHaveLength(2);
    expect(notes()).toEqual([{ number: 2, sentAt: undefined }]);
  });

  it('lets no more go than there are places, where several slots are due at once', async () => {
    const { limiter, granted, want } = await open({ ratePerSecond: 200, concurrency: 2, tripInMs: 60 });
    want(20);
    await pass(500);
    expect([granted.length, limiter.snapshot().inFlight]).toEqual([2, 2]);
  });

  it('notes when a call left by the store’s clock, the first time that it is told', async () => {
    const { granted, want, notes } = await open();
    want(1);
    await pass(50);
    const grantedAt = performance.now();
    await pass(70);
    granted[0]?.sent();
    await pass(30);
    granted[0]?.sent();
    await pass(200);
    expect(notes()).toEqual([{ number: 1, sentAt: expect.closeTo(epoch + grantedAt + 70, -2) }]);
    expect(notes()[0]?.sentAt).toBeGreaterThanOrEqual(epoch + 1000 + 70);
  });

  it('goes on where the store’s clock is set back by an hour', async () => {
    const { counts, granted, want, finish } = await open();
    want(400);
    await pass(150);
    await finish();
    const before = granted.length;
    counts.setBackInMs = 3_600_000;
    for (let second = 0; second < 3; second += 1) {
      while (granted.length > 0) await finish();
      await pass(1000);
    }
    expect(before).toBeGreaterThan(0);
    expect(granted).toHaveLength(16);
  });

  it('asks an engine that is down again where the store’s clock is set back by an hour', async () => {
    const { counts, granted, want, finish, stateNow } = await open({ giveUpAfterInMs: 24 * 3_600_000 });
    want(60);
    while (!(await stateNow()).down) {
      await pass(200);
      while (granted.length > 0) await finish(unavailable);
    }
    counts.setBackInMs = 3_600_000;
    await pass(40_000);
    expect(granted).toHaveLength(1);
  });

  it('lets as many calls go as prove that the account is right, and the others when one got through', async () => {
    const { granted, want, finish } = await open({ concurrency: 50, ratePerSecond: 200 });
    want(50);
    await pass(1000);
    expect(granted).toHaveLength(20);
    await finish();
    await pass(1000);
    expect(granted).toHaveLength(49);
  });

  it('makes one call at a time, with pauses, while the account is doubted', async () => {
    const { granted, want, finish } = await open({ doubtDelay: { firstInMs: 400, ceilingInMs: 400 } });
    want(2);
    await pass(100);
    await finish();
    await finish(refused);
    want(3);
    await pass(399);
    expect(granted).toHaveLength(0);
    await pass(60);
    expect(granted).toHaveLength(1);
    await pass(2000);
    expect(granted).toHaveLength(1);
    await finish();
    await pass(100);
    expect(granted).toHaveLength(2);
  });

  it('refuses who waits while the account is paused, after a look where what is known is old', async () => {
    const { limiter, memory, counts, said, granted, errors, want, finish } = await open();
    want(1);
    await pass(50);
    await memory.change(account, pauseByUser);
    await finish();
    want(1);
    await pass(100);
    expect([granted.length, errors.length]).toEqual([0, 1]);
    expect(errors[0]).toBeInstanceOf(AccountPausedError);
    expect(limiter.snapshot().state).toBe('paused');
    expect(said.filter((text) => text.startsWith('warn'))).toHaveLength(1);
    const before = counts.read;
    want(2);
    await pass(0);
    expect([errors.length, counts.read]).toEqual([3, before]);
    // Nobody waits: nobody asks.
    await pass(3_000);
    expect(counts.read).toBe(before);
    await memory.change(account, resumeAccount);
    want(1);
    await pass(100);
    expect([granted.length, errors.length, counts.read]).toEqual([1, 3, before + 1]);
    expect(said.at(-1)).toBe('info calls to the engine go on at the full rate');
    await finish();
  });

  const down = (inMs: number) => ({
    down: { nextProbeAt: epoch + inMs, probeDelayInMs: 2_000, probe: null },
  });

  it('sends one call when the time for a probe has come, and the others when it got through', async () => {
    const { limiter, stateNow, said, granted, want, finish } = await open({ state: down(3_400) });
    expect(limiter.snapshot().state).toBe('down');
    want(5);
    await pass(2_350);
    expect([granted.length, (await stateNow()).down?.probe]).toEqual([0, null]);
    await pass(300);
    expect([granted.length, (await stateNow()).down?.probe?.by]).toEqual([1, 'own']);
    await pass(3_000);
    expect(granted).toHaveLength(1);
    await finish(unavailable);
    await pass(1_800);
    expect(granted).toHaveLength(0);
    await pass(500);
    expect(granted).toHaveLength(1);
    await finish();
    await pass(100);
    expect(granted).toHaveLength(3);
    expect(limiter.snapshot().state).toBe('open');
    expect(said.map((text) => text.slice(0, 4))).toEqual(['warn', 'info']);
  });

  it('takes no call for a probe that was begun before the engine was down', async () => {
    const { limiter, change, stateNow, granted, want, finish } = await open();
    want(1);
    await pass(100);
    await change(down(0));
    await pass(10_000);
    expect(limiter.snapshot().state).toBe('down');
    want(1);
    await pass(1_500);
    expect(granted).toHaveLength(2);
    // The older one of the two.
    await finish(unavailable);
    expect((await stateNow()).down?.probe?.by).toBe('own');
    await finish(unavailable);
    expect((await stateNow()).down?.probe).toBeNull();
  });

  it('keeps a probe that it makes for longer than its lease', async () => {
    const { stateNow, granted, want, finish } = await open({ state: down(0) });
    want(1);
    await pass(100);
    expect(granted).toHaveLength(1);
    await pass(60_000);
    const until = (await stateNow()).down?.probe?.until ?? 0;
    expect(until).toBeGreaterThan(epoch + performance.now());
    await finish();
    expect((await stateNow()).down).toBeNull();
  });

  it('gives a probe back that it does not make: its caller left, its call was aborted, or it was closed', async () => {
    for (const how of ['left', 'aborted', 'closed']) {
      // Slots come late: the probe is claimed before there is one.
      const { limiter, memory, stateNow, granted, want, finish } = await open({ state: down(0) });
      const leaving = new AbortController();
      if (how !== 'aborted') await memory.postpone({ account, until: epoch + performance.now() + 2_000 });
      want(1, leaving.signal);
      await pass(100);
      expect((await stateNow()).down?.probe?.by).toBe('own');
      expect(granted).toHaveLength(how === 'aborted' ? 1 : 0);
      if (how === 'left') leaving.abort(new Error('drained'));
      if (how === 'aborted') await finish('none');
      if (how === 'closed') await limiter.close();
      await pass(10);
      expect((await stateNow()).down?.probe).toBeNull();
    }
  });

  it('claims no probe without a free place or a caller, and not the one that another process makes', async () => {
    const probe = { by: 'other', until: epoch + 9_000 };
    const { change, stateNow, granted, want, finish } = await open({ concurrency: 1 });
    await pass(2_000);
    want(1);
    await pass(50);
    await change(down(0));
    await pass(10_000);
    // It learned of it by its heartbeat; its only place is taken.
    want(1);
    await pass(3_000);
    expect((await stateNow()).down?.probe).toBeNull();
    await change({
      down: { nextProbeAt: 0, probeDelayInMs: 1_000, probe: { ...probe, until: epoch + 30_000 } },
    });
    await finish('none');
    await pass(3_000);
    expect([granted.length, (await stateNow()).down?.probe?.by]).toEqual([0, 'other']);
    // The other process found that the engine answers: within a second it is known here.
    await change({ down: null });
    await pass(1_100);
    expect(granted).toHaveLength(1);
    await finish();
  });

  it('says goodbye in a second at most, and lets nobody wait', async () => {
    const { limiter, counts, stateNow, errors, want } = await open({ ratePerSecond: 0.1 });
    want(3);
    await pass(100);
    expect((await stateNow()).rates).toHaveProperty('own');
    counts.isAway = true;
    let isClosed = false;
    const closing = limiter.close().then(() => {
      isClosed = true;
    });
    await pass(0);
    expect(errors.map(String)).toEqual(Array(errors.length).fill('Error: the rate limiter was closed'));
    expect(errors.length).toBeGreaterThanOrEqual(2);
    await expect(limiter.acquire({ runId: 'run', signal: never })).rejects.toThrow('closed');
    await pass(990);
    expect(isClosed).toBe(false);
    await pass(20);
    expect(isClosed).toBe(true);
    await closing;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no trace of its rate', async () => {
    const { limiter, stateNow } = await open();
    await limiter.close();
    expect((await stateNow()).rates).toEqual({});
  });

  it.each([
    // Calls that take so long: how many are made in a second, whether the concurrency holds them back.
    [50, 9.65, false],
    // Both places are taken most of the time, and the rate is reached all the same.
    [190, 9.65, false],
    [1_000, 2, true],
  ])('tells with calls of %d ms what holds them back', async (tookInMs, perSecond, isHeld) => {
    const { limiter } = await open({ concurrency: 2, ratePerSecond: 10 });
    const call = async () => {
      const permit = await limiter.acquire({ runId: 'run', signal: never });
      permit.sent();
      await new Promise((resolve) => setTimeout(resolve, tookInMs));
      await permit.done({ reply: enrolled, photo: 'photo', attemptsBefore: 0 });
    };
    expect(limiter.snapshot()).toMatchObject({ heldByConcurrency: false, achievedPerSecond: 0 });
    for (let count = 0; count < 100; count += 1) void call().catch(() => undefined);
    await pass(8_000);
    const snapshot = limiter.snapshot();
    expect(snapshot).toMatchObject({ state: 'open', ratePerSecond: 10, heldByConcurrency: isHeld });
    expect(Math.abs(snapshot.achievedPerSecond - perSecond)).toBeLessThan(0.3);
  });

  it('does not say that the concurrency holds calls back where the engine does', async () => {
    const pace = { value: 0.1, at: epoch + 1_000, cutAt: epoch + 1_000 };
    const { limiter, granted, want } = await open({ concurrency: 1, state: { pace } });
    want(2);
    await pass(4_000);
    expect(granted).toHaveLength(1);
    expect(limiter.snapshot()).toMatchObject({ state: 'throttled', heldByConcurrency: false });
  });

  it('knows that the account is right from a call that asked for nothing else', async () => {
    const { limiter, granted, want } = await open();
    const { at } = limiter.witness();
    want(1);
    await pass(50);
    const asked = granted[0]?.checked({ ok: true });
    await pass(0);
    await asked;
    expect([limiter.isRightSince(at), limiter.hasPassed(), limiter.snapshot().inFlight]).toEqual([
      true,
      false,
      0,
    ]);
    expect(limiter.isRightSince(limiter.witness().at)).toBe(false);
  });

  describe('asked for nothing but the account', () => {
    const unreached: AccountCheck = {
      ...{ ok: false, message: 'unknown host' },
      undecided: { kind: 'refused', certain: false, message: 'unknown host', fix: 'Look.' },
    };
    const opened = async (given: Given = {}) => {
      const scene = await open(given);
      const ask = async (check: AccountCheck) => {
        scene.want(1);
        for (let waited = 0; scene.granted.length === 0 && scene.errors.length === 0; waited += 1) {
          if (waited > 1_000) throw new Error('no permit');
          await pass(100);
        }
        scene.granted[0]?.sent();
        const asked = scene.granted.shift()?.checked(check);
        await pass(0);
        await asked;
      };
      return { ...scene, ask };
    };

    it('an engine that does not answer is down as for any call, and is given up', async () => {
      const { ask, stateNow } = await opened({ giveUpAfterInMs: 60_000 });
      for (let asked = 1; asked <= 20; asked += 1)
        await ask({ ok: false, message: '503', undecided: unavailable });
      expect(await stateNow()).toMatchObject({ pause: null, down: {}, streak: { replies: 20 } });
      for (let probes = 0; (await stateNow()).pause === null; probes += 1) {
        expect(probes).toBeLessThan(20);
        await ask({ ok: false, message: '503', undecided: unavailable });
      }
      expect((await stateNow()).pause).toMatchObject({ reason: 'down' });
    });

    it('one that asks for fewer calls slows the account down', async () => {
      const { ask, stateNow } = await opened();
      const undecided = {
        kind: 'throttled',
        httpStatus: 429,
        message: 'slow',
        retryAfterInMs: 2_000,
      } as const;
      await ask({ ok: false, message: 'slow', undecided });
      expect(await stateNow()).toMatchObject({ pace: { value: 0.5 }, pause: null, throttling: {} });
    });

    it('one that is not reached is the settings’ fault until a call got through, and then an outage', async () => {
      const { ask, stateNow, want, finish } = await opened();
      want(1);
      await pass(100);
      await finish();
      await ask(unreached);
      expect(await stateNow()).toMatchObject({ pause: null, streak: { message: 'unknown host' } });
      const untested = await opened();
      await untested.ask(unreached);
      expect((await untested.stateNow()).pause).toMatchObject({ reason: 'refused' });
    });
  });

  it('lets no run be faster than its process, unless that has a rate by default only', async () => {
    for (const isCeiling of [undefined, true, false]) {
      const { limiter } = await open({ ratePerSecond: 10, ...(isCeiling !== undefined && { isCeiling }) });
      limiter.joinRun('run', 50);
      await pass(0);
      expect(limiter.snapshot().ratePerSecond).toBe(isCeiling === false ? 50 : 10);
      await limiter.close();
    }
  });
});
