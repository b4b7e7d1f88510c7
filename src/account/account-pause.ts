import type { AccountState } from './account-state.ts';
import type { AccountPause } from './rate-limiter.ts';

/** Pauses the account. The first reason stands: it is what has to be mended first. */
export function pauseAccount(
  state: AccountState,
  { reason, message }: Pick<AccountPause, 'reason' | 'message'>,
  now: number,
): AccountState {
  return state.pause ? state : { ...state, pause: { reason, message, since: now } };
}

export function pauseByUser(state: AccountState, now: number): AccountState {
  const message = 'The account was paused by hand. To go on: rollcall resume --account';
  return pauseAccount(state, { reason: 'user', message }, now);
}

/** Clears the pause and all that could lead to the next one at once; the pace goes on recovering. */
export function resumeAccount(state: AccountState): AccountState {
  return { ...state, pause: null, streak: null, down: null, refusedPhotos: [], throttling: null };
}
