import { type AccountState, sharedRate } from './account-state.ts';
import { paceAt } from './account-throttling.ts';
import { probeFreeAt } from './circuit-breaker.ts';
import type { RateLimiterSnapshot } from './rate-limiter.ts';

/** The account in one word and, unless it is open, what it waits for. */
export function accountSummary(
  state: AccountState,
  now: number,
): Pick<RateLimiterSnapshot, 'state' | 'message' | 'brief' | 'cause'> {
  if (state.pause) return { state: 'paused', message: state.pause.message };
  if (state.down) {
    const wait = Math.max(0, (probeFreeAt(state) ?? now) - now);
    const next = state.down.probe ? 'one photo is sent as a probe' : `the next try is in ${inSeconds(wait)}`;
    const cause = state.streak?.message;
    const last = cause === undefined ? '' : ` (last: ${cause})`;
    return {
      state: 'down',
      message: `The engine does not answer${last}; ${next}. Photos keep their attempts.`,
      brief: `The engine does not answer; ${next}`,
      ...(cause !== undefined && { cause }),
    };
  }
  const wait = (state.throttling?.until ?? 0) - now;
  if (wait > 0)
    return {
      state: 'throttled',
      message: `The engine asked for a pause; calls go on in ${inSeconds(wait)}.`,
    };
  const pace = paceAt(state, now);
  if (pace >= 1) return { state: 'open' };
  const message = `The engine throttled calls: the pace is ${Math.round(pace * 100)} % of the rate and rises by 5 % a second.`;
  return {
    state: 'throttled',
    message,
    brief: `The engine throttled calls: ${Math.round(pace * 100)} % of the rate`,
  };
}

/** Calls a second that all processes together may make now; 0 where the account is paused or none uses it. */
export function rateAllowed(state: AccountState, now: number): number {
  return state.pause ? 0 : (sharedRate(state, now) ?? 0) * paceAt(state, now);
}

function inSeconds(durationInMs: number): string {
  return `${Math.ceil(durationInMs / 1000)} s`;
}
