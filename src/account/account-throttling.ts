import { longestRetryAfterInMs as longestWaitReadInMs } from '../engines/retry-after.ts';
import { plural } from '../util/plural.ts';
import { pauseAccount, startAgain } from './account-pause.ts';
import type { AccountState } from './account-state.ts';

const lowestPace = 0.1;
const recoveryPerSecond = 0.05;
const longestRetryAfterInMs = 5 * 60_000;
const longestThrottlingInMs = 10 * 60_000;
/** After a longer silence (nobody was calling) throttling is counted anew. */
const silenceInMs = longestRetryAfterInMs + 60_000;
/** Replies of one episode come in crowds: within this time one of them is written down for all. */
const crowdInMs = 200;

/** Share of the rate that may be used now: computed from the time since the last throttled reply, nothing ticks. */
export function paceAt(state: AccountState, now: number): number {
  const seconds = Math.max(0, Math.floor((now - state.pace.at) / 1000));
  return Math.min(1, state.pace.value + seconds * recoveryPerSecond);
}

/**
 * A throttled reply halves the pace, but only for a call that was sent after the last cut: the others belong to the
 * episode that was answered already, and merely hold the recovery back.
 */
export function afterThrottled(
  state: AccountState,
  {
    sentAt,
    retryAfterInMs = 0,
    giveUpAfterInMs = longestThrottlingInMs,
  }: {
    sentAt: number;
    retryAfterInMs?: number | undefined;
    /** `--give-up-after`, where it is shorter than what is waited for anyway. */
    giveUpAfterInMs?: number;
  },
  now: number,
): AccountState {
  const isCut = sentAt > state.pace.cutAt;
  if (!isCut && retryAfterInMs === 0 && now - state.pace.at < crowdInMs) return state;
  const pace = paceAt(state, now);
  const isSame = state.throttling !== null && now - state.throttling.lastAt < silenceInMs;
  const since = isSame && state.throttling ? state.throttling.since : now;
  const until = Math.max(state.throttling?.until ?? 0, retryAfterInMs === 0 ? 0 : now + retryAfterInMs);
  const next: AccountState = {
    ...state,
    pace: isCut
      ? { value: Math.max(lowestPace, pace / 2), at: now, cutAt: now }
      : { value: pace, at: now, cutAt: state.pace.cutAt },
    throttling: { since, lastAt: now, until },
  };
  const message = whyGivenUp({ retryAfterInMs, giveUpAfterInMs, throttledForInMs: now - since, now });
  return message ? pauseAccount(next, { reason: 'throttled', message }, now) : next;
}

function whyGivenUp(facts: {
  retryAfterInMs: number;
  giveUpAfterInMs: number;
  throttledForInMs: number;
  now: number;
}): string | undefined {
  if (facts.retryAfterInMs > Math.min(longestRetryAfterInMs, facts.giveUpAfterInMs)) {
    return `The engine asks for no calls ${untilWhen(facts)}: a quota seems to be used up. Wait until then or have the quota raised, ${startAgain}`;
  }
  if (facts.throttledForInMs >= Math.min(longestThrottlingInMs, facts.giveUpAfterInMs)) {
    return `The engine has throttled every call for ${inWords(facts.throttledForInMs)}. Lower --rate to what the account allows, or check whether other programs use it, ${startAgain}`;
  }
  return undefined;
}

/** What a Retry-After asks for, in words. */
export function untilWhen({ retryAfterInMs, now }: { retryAfterInMs: number; now: number }): string {
  const until = `until ${new Date(now + retryAfterInMs).toISOString()}`;
  return retryAfterInMs < longestWaitReadInMs ? until : `${until} or later`;
}

function inWords(durationInMs: number): string {
  const seconds = Math.round(durationInMs / 1000);
  return seconds < 120 ? plural(seconds, 'second') : plural(Math.round(seconds / 60), 'minute');
}
