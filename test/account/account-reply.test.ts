import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resumeAccount } from '../../src/account/account-pause.ts';
import { afterCheck, afterReply, type ReplyEvent, standingOf } from '../../src/account/account-reply.ts';
import {
  type AccountState,
  accountStateSchema,
  photosInDoubt,
  processSeen,
} from '../../src/account/account-state.ts';
import { claimProbe, probeFreeAt, releaseProbe, renewProbe } from '../../src/account/circuit-breaker.ts';
import { type Sign, type Standing, whoseFault } from '../../src/account/whose-fault.ts';
import type { AccountCheck, EngineReply, UnavailableReply } from '../../src/engines/engine.ts';
import { randomInputs } from '../helpers/long.ts';

const fresh = accountStateSchema.parse({});
const start = 1_800_000_000_000;
const hour = 3_600_000;
const enrolled: EngineReply = { kind: 'enrolled', httpStatus: 200, templateId: 't' };
const rejected: EngineReply = {
  kind: 'rejected',
  httpStatus: 400,
  code: '5',
  message: 'no face',
  reasons: [],
  stored: 'no',
};
const unavailable: UnavailableReply = {
  kind: 'unavailable',
  httpStatus: 500,
  message: 'HTTP 500',
  sent: true,
};
const throttled: EngineReply = { kind: 'throttled', httpStatus: 429, message: 'slow down' };
const forbidden: EngineReply = {
  kind: 'refused',
  certain: false,
  httpStatus: 403,
  message: 'HTTP 403',
  fix: 'Check the key.',
};
const unauthorized: EngineReply = {
  kind: 'refused',
  certain: true,
  httpStatus: 401,
  message: 'HTTP 401',
  fix: 'Check OOTO_APP_KEY.',
};

function event(reply: EngineReply, photo: string, more: Partial<ReplyEvent> = {}): ReplyEvent {
  return {
    reply,
    photo,
    by: 'a',
    hasPassed: false,
    attemptsBefore: 0,
    refusedBefore: false,
    sentAt: start,
    probeBy: undefined,
    probeDelay: { firstInMs: 1000, ceilingInMs: 30_000 },
    giveUpAfterInMs: hour,
    ...more,
  };
}

/** An engine and the photos that are left, called in a random order until each is done or the account is down. */
function enroll({
  photos,
  fails,
  maxAttempts,
  order,
}: {
  photos: string[];
  fails: (photo: string, call: number) => boolean;
  maxAttempts: number;
  order: () => number;
}) {
  let state = fresh;
  let call = 0;
  const calls = new Map(photos.map((photo) => [photo, 0]));
  const charged = new Map(photos.map((photo) => [photo, 0]));
  const waiting = [...photos];
  const failed: string[] = [];
  while (waiting.length > 0 && !state.down && call < 10_000) {
    // Those in flight end in any order; who waits for a retry is behind the new ones.
    const [photo = ''] = waiting.splice(Math.floor(order() * Math.min(16, waiting.length)), 1);
    call += 1;
    calls.set(photo, (calls.get(photo) ?? 0) + 1);
    const attemptsBefore = charged.get(photo) ?? 0;
    const reply = fails(photo, call) ? unavailable : enrolled;
    const result = afterReply(state, event(reply, photo, { attemptsBefore }), start + call * 20);
    state = result.state;
    if (reply === enrolled) continue;
    if (result.charged) charged.set(photo, attemptsBefore + 1);
    if ((charged.get(photo) ?? 0) >= maxAttempts) failed.push(photo);
    else waiting.push(photo);
  }
  return { state, calls, charged, failed, waiting };
}

const photosOf = (count: number, name = 'photo') =>
  Array.from({ length: count }, (_, place) => `${name}-${place}`);

function brokenDown(): AccountState {
  let state = fresh;
  for (const photo of photosOf(20)) state = afterReply(state, event(unavailable, photo), start).state;
  return state;
}

describe('an engine that is down', () => {
  it('is noticed at the 20th unavailable reply in a row, and not if one success came between', () => {
    let state = fresh;
    for (const photo of photosOf(19)) state = afterReply(state, event(unavailable, photo), start).state;
    expect(state.down).toBeNull();
    const saved = afterReply(state, event(rejected, 'other'), start).state;
    expect(afterReply(saved, event(unavailable, 'last'), start).state.down).toBeNull();
    expect(afterReply(state, event(unavailable, 'last'), start).state.down).toMatchObject({
      nextProbeAt: start + 1000,
    });
  });

  it('costs no photo of an archive', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        fc.integer({ min: 2, max: 8 }),
        (random, maxAttempts) => {
          const order = () => random.next().value ?? 0;
          const outcome = enroll({ photos: photosOf(1000), fails: () => true, maxAttempts, order });
          expect(outcome.state.down).not.toBeNull();
          expect(outcome.failed).toEqual([]);
          expect([...outcome.charged.values()].reduce((sum, count) => sum + count)).toBe(4);
        },
      ),
      { numRuns: randomInputs(20) },
    );
  });

  it('charges nothing while it is down', () => {
    const result = afterReply(brokenDown(), event(unavailable, 'late', { attemptsBefore: 4 }), start + 10);
    expect(result).toEqual({ state: brokenDown(), charged: false });
  });

  it('is open again at the first success', () => {
    expect(afterReply(brokenDown(), event(enrolled, 'late'), start).state).toMatchObject({
      down: null,
      streak: null,
    });
  });

  it('is probed by one at a time, with longer and longer waits, up to the ceiling', () => {
    let state = brokenDown();
    let now = start;
    const waits: number[] = [];
    for (let probes = 0; probes < 8; probes += 1) {
      const freeAt = probeFreeAt(state) ?? 0;
      waits.push(freeAt - now);
      expect(claimProbe(state, 'a', freeAt - 1)).toBe(state);
      now = freeAt;
      state = claimProbe(state, 'a', now);
      expect(claimProbe(state, 'b', now)).toBe(state);
      expect(afterReply(state, event(unavailable, 'straggler'), now).state).toBe(state);
      state = afterReply(state, event(unavailable, 'p', { probeBy: 'a' }), now).state;
    }
    expect(waits).toEqual(
      [1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
        .map((wait, place) => (place === 0 ? 1000 : place === 1 ? 2000 : wait * (place < 6 ? 2 : 1)))
        .map((wait) => Math.min(30_000, wait)),
    );
  });

  it('is probed by another when the prober died, and at once when it gave the probe back', () => {
    const claimed = claimProbe(brokenDown(), 'a', start + 1000);
    expect(claimProbe(claimed, 'b', start + 15_999)).toBe(claimed);
    expect(claimProbe(claimed, 'b', start + 16_000).down?.probe?.by).toBe('b');
    const renewed = renewProbe(claimed, 'a', start + 6000);
    expect(claimProbe(renewed, 'b', start + 16_000)).toBe(renewed);
    expect(renewProbe(claimed, 'b', start + 6000)).toBe(claimed);
    expect(claimProbe(releaseProbe(claimed, 'a'), 'b', start + 1001).down?.probe?.by).toBe('b');
  });

  it('is given up an hour after the first failure, counted only while somebody tries', () => {
    const failAt = (state: AccountState, now: number) =>
      afterReply(claimProbe(state, 'a', now), event(unavailable, 'p', { probeBy: 'a' }), now).state;
    let state = brokenDown();
    for (let now = start + 60_000; now < start + hour; now += 60_000) state = failAt(state, now);
    expect(state.pause).toBeNull();
    const givenUp = failAt(state, start + hour);
    expect(givenUp.pause).toMatchObject({ reason: 'down' });
    expect(givenUp.pause?.message).toContain('HTTP 500');
    expect(resumeAccount(givenUp)).toMatchObject({ pause: null, down: null, streak: null });
    expect(failAt(state, start + 24 * hour).pause).toBeNull();
  });

  it('stays down when a probe is throttled', () => {
    const claimed = claimProbe(brokenDown(), 'a', start + 1000);
    const { state } = afterReply(claimed, event(throttled, 'p', { probeBy: 'a' }), start + 1100);
    expect(state.down).toMatchObject({ probe: null, nextProbeAt: start + 3100 });
  });
});

describe('a poison photo', () => {
  it('sees exactly the allowed number of calls, one alone or a few that are all there is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (count, maxAttempts, random) => {
          const photos = photosOf(count, 'poison');
          const { state, calls, failed } = enroll({
            photos,
            fails: () => true,
            maxAttempts,
            order: () => random.next().value ?? 0,
          });
          expect(state.down).toBeNull();
          expect(failed.sort()).toEqual([...photos].sort());
          expect([...calls.values()]).toEqual(photos.map(() => maxAttempts));
        },
      ),
    );
  });

  it('sees exactly the allowed number of calls among healthy ones', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (random) => {
        const poison = photosOf(4, 'poison');
        const photos = [...photosOf(60), ...poison];
        const { state, calls, failed } = enroll({
          photos,
          fails: (photo) => photo.startsWith('poison'),
          maxAttempts: 5,
          order: () => random.next().value ?? 0,
        });
        expect(state.down).toBeNull();
        expect(failed.sort()).toEqual(poison);
        for (const photo of poison) expect(calls.get(photo)).toBe(5);
      }),
    );
  });

  it('does not make an outage together with the others that are left when the healthy ones are done', () => {
    let state = fresh;
    const poison = photosOf(30, 'poison');
    for (const photo of poison) {
      state = afterReply(state, event(unavailable, photo), start).state;
      state = afterReply(state, event(enrolled, 'healthy'), start).state;
    }
    for (let attemptsBefore = 1; attemptsBefore < 5; attemptsBefore += 1) {
      for (const photo of poison) {
        const result = afterReply(state, event(unavailable, photo, { attemptsBefore }), start);
        expect(result.charged).toBe(true);
        state = result.state;
      }
    }
    expect(state.down).toBeNull();
  });

  it('is not charged its last attempt once an outage shows', () => {
    let state = fresh;
    for (const photo of photosOf(5)) state = afterReply(state, event(unavailable, photo), start).state;
    expect(afterReply(state, event(unavailable, 'suspect', { attemptsBefore: 4 }), start).charged).toBe(
      false,
    );
  });
});

describe('a refusal', () => {
  it('that is certain pauses the account at once and says what to fix', () => {
    const { state, charged } = afterReply(fresh, event(unauthorized, 'p'), start);
    expect(charged).toBe(false);
    expect(state.pause).toMatchObject({ reason: 'refused', since: start });
    expect(state.pause?.message).toContain(
      'Check OOTO_APP_KEY, then start the command again (workers go on with: rollcall resume --account)',
    );
  });

  it('that is not certain pauses it when twenty different photos in a row met it', () => {
    let state = fresh;
    for (const photo of [...photosOf(19), ...photosOf(19)])
      state = afterReply(state, event(forbidden, photo), start).state;
    expect(state.pause).toBeNull();
    const last = afterReply(state, event(forbidden, 'c'), start);
    expect(last.state.pause?.reason).toBe('refused');
    expect(last.charged).toBe(false);
  });

  it.each([
    ['enrolled', enrolled, true],
    ['rejected', rejected, true],
    // They say nothing of the account.
    ['unavailable', unavailable, false],
    ['throttled', throttled, false],
  ] as const)('ends its row when a photo got through: %s', (_, reply, ends) => {
    let state = fresh;
    for (const photo of photosOf(19)) state = afterReply(state, event(forbidden, photo), start).state;
    state = afterReply(state, event(reply, 'x'), start).state;
    expect(afterReply(state, event(forbidden, 'c'), start).state.pause === null).toBe(ends);
  });

  describe.each([
    ['an unknown host', { kind: 'refused', certain: false, message: 'unknown host', fix: 'Check it.' }],
    ['a proxy that asks for a password', { ...forbidden, httpStatus: 407, message: 'HTTP 407' }],
  ] as [string, EngineReply & { message: string }][])('by %s', (_, reply) => {
    it('pauses the account where nothing got through yet', () => {
      let state = fresh;
      for (const photo of photosOf(20)) state = afterReply(state, event(reply, photo), start).state;
      expect(state.pause?.reason).toBe('refused');
    });

    it('is an outage where others got through: nobody is charged, however few photos there are', () => {
      let state = fresh;
      for (let call = 0; call < 20; call += 1) {
        expect(state.down).toBeNull();
        const after = afterReply(state, event(reply, 'p', { hasPassed: true, attemptsBefore: 4 }), start);
        expect(after.charged).toBe(false);
        state = after.state;
      }
      expect(state).toMatchObject({ pause: null, doubts: [], streak: { message: reply.message } });
      expect(state.down).not.toBeNull();
      const passed = afterReply(state, event(enrolled, 'p'), start + 5_000).state;
      expect(passed).toMatchObject({ pause: null, down: null, streak: null });
    });
  });

  it('is charged from the second on where nobody waits for the others', () => {
    expect(afterReply(fresh, event(forbidden, 'a'), start).charged).toBe(false);
    expect(afterReply(fresh, event(forbidden, 'a', { refusedBefore: true }), start).charged).toBe(true);
  });
});

describe('whose fault a refusal is: what happens is what the table says', () => {
  const standings: Record<Standing, { state: AccountState; hasPassed: boolean }> = {
    untested: { state: fresh, hasPassed: false },
    passing: { state: fresh, hasPassed: true },
    doubted: { state: afterReply(fresh, event(forbidden, 'first'), start).state, hasPassed: true },
    paused: { state: afterReply(fresh, event(unauthorized, 'first'), start).state, hasPassed: false },
  };
  const strange: EngineReply = { ...rejected, isUndocumented: true } as EngineReply;
  const checks = {
    vouched: { ok: true },
    disowned: { ok: false, message: 'HTTP 401' },
  } as const satisfies Partial<Record<Sign, AccountCheck>>;
  const signs: Record<Exclude<Sign, keyof typeof checks>, Partial<ReplyEvent> & { reply: EngineReply }> = {
    passed: { reply: enrolled },
    refused: { reply: forbidden },
    strange: { reply: strange },
    denied: { reply: unauthorized },
    certain: { reply: { ...unauthorized, httpStatus: 402 } as EngineReply },
    again: { reply: unauthorized, refusedBefore: true },
  };
  const expectTable = (
    { standing, sign }: { standing: string; sign: string },
    { before, after, hasPassed }: { before: AccountState; after: AccountState; hasPassed: boolean },
  ) => {
    const { blame, to } = whoseFault[standing as Standing][sign as Sign];
    expect(standingOf(after, { by: 'a', hasPassed })).toBe(to);
    expect(after.pause !== null && before.pause === null).toBe(blame === 'account');
    expect(photosInDoubt(after) > photosInDoubt(before)).toBe(blame === 'open');
  };
  const cases = Object.entries(standings).flatMap(([standing, given]) =>
    Object.entries(signs).map(([sign, more]) => ({ standing, sign, ...given, more })),
  );

  it.each(cases)('$standing, $sign', ({ standing, sign, state, hasPassed, more }) => {
    const call = event(more.reply, 'p', { hasPassed, ...more });
    const after = afterReply(state, call, start).state;
    expectTable({ standing, sign }, { before: state, after, hasPassed: hasPassed || sign === 'passed' });
  });

  const checked = Object.entries(standings).flatMap(([standing, given]) =>
    Object.entries(checks).map(([sign, check]) => ({ standing, sign, ...given, check })),
  );

  it.each(checked)('$standing, $sign', ({ standing, sign, state, hasPassed, check }) => {
    const again = afterReply(
      state,
      event(forbidden, 'again', { hasPassed, refusedBefore: true }),
      start,
    ).state;
    const after = afterCheck(again, { by: 'a', hasPassed, check }, start);
    expectTable({ standing, sign }, { before: again, after, hasPassed });
    expect(after.doubts.some(({ isRepeated }) => isRepeated)).toBe(!check.ok && standing !== 'paused');
  });

  it.each(Object.entries(standings))('%s, asked of an engine that does not answer: as before', (_, given) => {
    const check: AccountCheck = { ok: false, message: 'HTTP 503', undecided: unavailable };
    expect(afterCheck(given.state, { by: 'a', hasPassed: given.hasPassed, check }, start)).toBe(given.state);
  });

  it('counts a process by its own calls: what another gets through says nothing of its key', () => {
    const seen = ['a', 'b'].reduce(
      (state, processName) => processSeen(state, { processName, ratePerSecond: 1 }, start),
      fresh,
    );
    let state = seen;
    for (const photo of photosOf(18)) {
      state = afterReply(state, event(forbidden, photo, { by: 'b' }), start).state;
      state = afterReply(state, event(enrolled, 'other', { by: 'a', hasPassed: true }), start).state;
    }
    expect(standingOf(state, { by: 'a', hasPassed: true })).toBe('passing');
    expect(standingOf(state, { by: 'b', hasPassed: false })).toBe('doubted');
    // The other may have one call under way: twenty in all.
    const last = afterReply(state, event(forbidden, 'last', { by: 'b' }), start).state;
    expect(last.pause?.message).toContain('as the process b sees it');
    // A process that died is no witness.
    const later = processSeen(state, { processName: 'c', ratePerSecond: 1 }, start + 60_000);
    const after = afterReply(later, event(forbidden, 'x', { by: 'c' }), start + 60_000).state;
    expect(photosInDoubt(after)).toBe(1);
  });

  it('reads the state of the former version', () => {
    const former = accountStateSchema.parse({ refusedPhotos: ['r/1', 'r/2'], pause: null });
    expect(standingOf(former, { by: 'a', hasPassed: false })).toBe('untested');
  });
});

describe('what changes nothing', () => {
  it('is given back as it was, so that nothing is written', () => {
    for (const reply of [enrolled, rejected])
      expect(afterReply(fresh, event(reply, 'p'), start).state).toBe(fresh);
  });
});
