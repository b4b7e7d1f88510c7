import { expect, it } from 'vitest';
import { pauseByUser, resumeAccount } from '../../src/account/account-pause.ts';
import { afterReply } from '../../src/account/account-reply.ts';
import { type AccountState, parseAccountState } from '../../src/account/account-state.ts';
import { createAccountWatch } from '../../src/conductor/account-watch.ts';
import type { EngineReply } from '../../src/engines/engine.ts';
import { fresh, now as start } from '../account/account-states.ts';

const second = 1_000;

const call = (state: AccountState, reply: EngineReply, photo: string, now: number) =>
  afterReply(
    state,
    {
      ...{ reply, photo, by: 'a', hasPassed: true, attemptsBefore: 0, refusedBefore: false, sentAt: now },
      ...{ probeBy: undefined, probeDelay: { firstInMs: 10, ceilingInMs: 20 }, giveUpAfterInMs: 3_600_000 },
    },
    now,
  ).state;

/** What can become of an account; each takes a tenth of a second. */
const steps = {
  nothing: (state: AccountState) => state,
  down: (state: AccountState, now: number) =>
    Array.from({ length: 20 }, (_, photo) => `p${photo}`).reduce(
      (before, photo) =>
        call(before, { kind: 'unavailable', httpStatus: 503, message: 'HTTP 503', sent: true }, photo, now),
      state,
    ),
  up: (state: AccountState, now: number) =>
    call(state, { kind: 'enrolled', httpStatus: 200, templateId: 't' }, 'p', now),
  throttled: (state: AccountState, now: number) =>
    call(state, { kind: 'throttled', httpStatus: 429, message: 'HTTP 429' }, 'p', now),
  paused: pauseByUser,
  resumed: resumeAccount,
  wiped: () => fresh,
  'a minute': (state: AccountState) => state,
};
type Step = keyof typeof steps | 'look';

const stored = (state: AccountState) => parseAccountState(JSON.stringify(state));

function noted(script: readonly Step[]): string[] {
  const watch = createAccountWatch();
  const told: string[] = [];
  let [state, now] = [fresh, start];
  for (const step of script) {
    now += step === 'a minute' ? 60 * second : 100;
    if (step !== 'look') state = stored(steps[step](state, now));
    else
      for (const { happening, agoInMs } of watch.look({ state, now }))
        told.push(`${happening.kind} ${(now - agoInMs - start) / 100}`);
  }
  return told;
}

it.each<[string, Step[], string[]]>([
  ['nothing', ['look', 'nothing', 'look'], []],
  ['an outage', ['look', 'down', 'look', 'look', 'up', 'look'], ['engine-down 2', 'engine-up 5']],
  ['one between two looks', ['look', 'down', 'up', 'look', 'look'], ['engine-down 2', 'engine-up 3']],
  ['one before the first look', ['down', 'up', 'look', 'look'], []],
  ['one that goes on at the first look', ['down', 'look', 'up', 'look'], ['engine-down 2', 'engine-up 3']],
  [
    'its end, and another, between two looks',
    ['look', 'down', 'look', 'up', 'down', 'look', 'up', 'look'],
    ['engine-down 2', 'engine-up 5', 'engine-down 5', 'engine-up 7'],
  ],
  ['the latest of several', ['look', 'down', 'up', 'down', 'up', 'look'], ['engine-down 4', 'engine-up 5']],
  ['one that a pause ends', ['look', 'down', 'look', 'paused', 'look'], ['engine-down 2']],
  [
    'one between two looks, and then a pause',
    ['look', 'down', 'up', 'paused', 'look'],
    ['engine-down 2', 'engine-up 3'],
  ],
  [
    'one that a person ended',
    ['look', 'down', 'look', 'paused', 'resumed', 'look'],
    ['engine-down 2', 'engine-up 6'],
  ],
  ['a pause that somebody ended before', ['down', 'paused', 'resumed', 'look', 'up', 'look'], []],
  ['a store that was wiped', ['look', 'down', 'look', 'wiped', 'look'], ['engine-down 2', 'engine-up 5']],
  ['throttling', ['look', 'throttled', 'look', 'look'], ['throttled 3']],
  ['throttling that is over', ['look', 'throttled', 'up', 'a minute', 'look'], ['throttled 604']],
  [
    'throttling again and again',
    ['throttled', 'look', 'up', 'a minute', 'look', 'throttled', 'look', 'a minute', 'throttled', 'look'],
    ['throttled 2', 'throttled 606'],
  ],
  ['throttling before a pause', ['look', 'throttled', 'paused', 'look'], []],
])('tells %s', (_, script, expected) => {
  expect(noted(script)).toEqual(expected);
});
