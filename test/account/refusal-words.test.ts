import { describe, expect, it } from 'vitest';
import { afterCheck, afterReply, type ReplyEvent } from '../../src/account/account-reply.ts';
import type { AccountState } from '../../src/account/account-state.ts';
import { mayBeThePhotos, signOf } from '../../src/account/whose-fault.ts';
import type { CallReply } from '../../src/engines/engine.ts';
import { doubt, fresh, now, seen, stateOf } from './account-states.ts';

describe('a refusal in words', () => {
  const refused = (certain: boolean, httpStatus?: number): CallReply => ({
    kind: 'refused',
    certain,
    ...(httpStatus !== undefined && { httpStatus }),
    message: 'no.',
    fix: 'look.',
  });
  const event = (reply: CallReply, photo = 'p'): ReplyEvent => ({
    ...{ reply, photo, by: 'a', hasPassed: false, attemptsBefore: 0, refusedBefore: false, sentAt: now },
    ...{ probeBy: undefined, probeDelay: { firstInMs: 1, ceilingInMs: 1 }, giveUpAfterInMs: 1 },
  });
  const told = (state: AccountState, reply: CallReply) =>
    afterReply(state, event(reply), now).state.pause?.message;
  const then = ', then start the command again (workers go on with: rollcall resume --account)';

  it('names the process only where there are several, and the photos only where there are several', () => {
    expect(told(seen({ a: 1 }), refused(true, 402))).toBe(
      `The engine refuses the account: no. To go on: look${then}`,
    );
    expect(told(seen({ a: 1, b: 1 }), refused(true, 402))).toBe(
      `The engine refuses the account: no, as the process a sees it. To go on: look${then}`,
    );
    const once = afterReply(seen({ a: 1 }), event(refused(false, 403), 'p1'), now).state;
    expect(told(once, refused(true, 402))).not.toContain('in a row');
    let state = seen({ a: 1 });
    for (let photo = 1; photo < 20; photo += 1)
      state = afterReply(state, event(refused(false, 403), `p${photo}`), now).state;
    expect(state.pause).toBeNull();
    expect(told(state, refused(false, 403))).toContain('no (20 photos in a row). To go on');
  });

  it('quotes a code that no page knows', () => {
    const strange: CallReply = {
      ...{ kind: 'rejected', httpStatus: 400, code: 'X9', message: 'gone', reasons: [], stored: 'no' },
      isUndocumented: true,
    };
    let state = fresh;
    for (let photo = 1; photo < 20; photo += 1)
      state = afterReply(state, event(strange, `p${photo}`), now).state;
    expect(told(state, strange)).toMatch(/answers with code X9, .*: gone \(20 photos in a row\)\. It may be/);
  });

  it('is repeated where the account was asked', () => {
    const check = { ok: false, message: 'HTTP 401.' } as const;
    expect(afterCheck(fresh, { by: 'a', hasPassed: true, check }, now).pause?.message).toBe(
      `The engine refuses the account: HTTP 401${then}`,
    );
  });

  it('can be the photo’s only where the engine was reached', () => {
    expect([{ httpStatus: 403 }, { httpStatus: 407 }, {}].map(mayBeThePhotos)).toEqual([true, false, false]);
  });

  it.each<[CallReply, boolean]>([
    [{ kind: 'enrolled', httpStatus: 200, templateId: 't' }, true],
    [{ kind: 'identified', httpStatus: 200 }, true],
    [{ kind: 'verified', httpStatus: 200, result: 'other' }, true],
    [{ kind: 'deleted', httpStatus: 200, existed: true }, true],
    [{ kind: 'rejected', httpStatus: 400, code: '5', message: 'no', reasons: [], stored: 'no' }, true],
    [
      {
        ...{ kind: 'rejected', httpStatus: 400, code: 'X', message: 'no', reasons: [], stored: 'no' },
        isUndocumented: true,
      },
      true,
    ],
    [{ kind: 'throttled', httpStatus: 429, message: 'slow' }, false],
    [refused(false, 403), false],
  ])('%o costs its photo an attempt: %s', (reply, expected) => {
    const state = stateOf({ doubts: [doubt('p', 'a')], streak: null });
    const { charged, state: after } = afterReply(state, event(reply, 'q'), now);
    expect(charged).toBe(expected);
    expect(signOf(reply, false) === 'passed').toBe(expected && !('isUndocumented' in reply));
    const isPassed =
      ['enrolled', 'identified', 'verified', 'deleted'].includes(reply.kind) || 'reasons' in reply;
    const isOpen = reply.kind === 'refused' || 'isUndocumented' in reply;
    expect(after.doubts.length).toBe(isOpen ? 2 : isPassed ? 0 : 1);
  });

  it.each<CallReply>([{ kind: 'throttled', httpStatus: 429, message: 'slow' }, refused(false, 403)])(
    'a probe that ends with %o is over',
    (reply) => {
      const down = { nextProbeAt: now, probeDelayInMs: 1_000, probe: { by: 'a', until: now + 9 } };
      const { state } = afterReply(stateOf({ down }), { ...event(reply), probeBy: 'a' }, now);
      expect(state.down).toMatchObject({ probe: null, nextProbeAt: now + 1_000 });
      expect(state.streak?.message).toBe(reply.kind === 'throttled' ? 'slow' : 'no.');
    },
  );
});
