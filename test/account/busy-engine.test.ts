import { describe, expect, it } from 'vitest';
import { afterReply, type ReplyEvent } from '../../src/account/account-reply.ts';
import { type AccountState, accountStateSchema } from '../../src/account/account-state.ts';
import { accountSummary } from '../../src/account/account-summary.ts';
import type { EngineReply } from '../../src/engines/engine.ts';
import { longestRetryAfterInMs } from '../../src/engines/retry-after.ts';

const start = 1_800_000_000_000;
const [second, minute, hour] = [1_000, 60_000, 3_600_000];
const enrolled: EngineReply = { kind: 'enrolled', httpStatus: 200, templateId: 't' };
const busy = (retryAfterInMs: number): EngineReply => ({
  kind: 'unavailable',
  httpStatus: 503,
  message: 'the engine answered 503',
  sent: true,
  retryAfterInMs,
});

interface Step {
  readonly at: number;
  readonly photo?: string;
  readonly reply: EngineReply;
  readonly attemptsBefore?: number;
}

function play(steps: readonly Step[], giveUpAfterInMs = hour) {
  let state: AccountState = accountStateSchema.parse({});
  const charged = steps.map(({ at, photo = 'a', reply, attemptsBefore = 0 }) => {
    const event = {
      reply,
      photo,
      attemptsBefore,
      sentAt: start + at,
      probeDelay: { firstInMs: second, ceilingInMs: 30 * second },
      giveUpAfterInMs,
    };
    const result = afterReply(state, event as unknown as ReplyEvent, start + at);
    state = result.state;
    return result.charged;
  });
  return { state, charged };
}

describe('an engine that says when it will be back', () => {
  it('charges nobody meanwhile, and everybody sees for how long', () => {
    const { state, charged } = play(
      Array.from({ length: 40 }, (_, call) => ({
        at: call * 20,
        photo: `p${call}`,
        reply: busy(90 * second),
      })),
    );
    expect(charged).toEqual(Array.from({ length: 40 }, () => false));
    expect(state.pause).toBeNull();
    expect(accountSummary({ ...state, down: null }, start + second).message).toMatch(/calls go on in \d+ s/);
  });

  it('charges a photo that brings it again after others got through, so that it comes to an end', () => {
    const steps = [1, 2, 3, 4].flatMap((round) => [
      { at: round * minute, reply: busy(second), attemptsBefore: Math.max(0, round - 2) },
      { at: round * minute + 2 * second, photo: `other ${round}`, reply: enrolled },
    ]);
    expect(play(steps).charged.filter((_, index) => index % 2 === 0)).toEqual([false, true, true, true]);
  });

  it.each([
    ['ten minutes after it said that it would be', 40 * minute, undefined],
    ['sooner', 40 * minute - 1, 'down'],
  ])('is counted anew where nobody asked until %s', (_, at, reason) => {
    const steps = [0, at].map((time) => ({ at: time, reply: busy(30 * minute) }));
    expect(play(steps).state.pause?.reason).toBe(reason);
  });

  it('is remembered for a hundred photos, the latest', () => {
    const steps = ['p1', ...Array.from({ length: 150 }, (_, index) => `p${index}`), 'p149'].map(
      (photo, step) => ({
        ...{ at: step * 20, photo, reply: busy(second) },
      }),
    );
    const { busyPhotos } = play(steps).state;
    expect(busyPhotos).toEqual(Array.from({ length: 100 }, (_, index) => `p${index + 50}`));
  });

  it.each([
    ['as long as --give-up-after', [60 * minute], false],
    ['within --give-up-after', [50 * minute], false],
    ['longer than --give-up-after', [2 * hour], true],
    ['at the end of all calendars', [longestRetryAfterInMs], true],
    ['again and again, longer in all', Array.from({ length: 5 }, () => 15 * minute), true],
    ['again and again, with few photos', Array.from({ length: 70 }, () => minute), true],
    ['again and again, within it', Array.from({ length: 4 }, () => 10 * minute), false],
  ])('%s', (_, waits, pauses) => {
    let at = 0;
    const steps = waits.map((wait) => {
      const step = { at, reply: busy(wait) };
      at += wait + second;
      return step;
    });
    const { state, charged } = play(steps);
    expect(charged.some(Boolean)).toBe(false);
    expect(state.pause?.reason).toBe(pauses ? 'down' : undefined);
    if (pauses) expect(state.pause?.message).toMatch(/asks for no calls until 20\d\d-.*(--give-up-after)/);
  });
});

it.each([
  [10 * minute, /until 20\d\d-\S+Z: a quota/],
  [longestRetryAfterInMs, /until 20\d\d-\S+Z or later: a quota/],
])('a throttled reply that asks for %i ms pauses the account, and says until when', (wait, words) => {
  const reply: EngineReply = { kind: 'throttled', httpStatus: 429, message: 'slow', retryAfterInMs: wait };
  expect(play([{ at: 0, reply }]).state.pause?.message).toMatch(words);
});
