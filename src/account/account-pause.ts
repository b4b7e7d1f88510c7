import { UsageError } from '../util/errors.ts';
import type { AccountState } from './account-state.ts';
import type { AccountStore } from './account-store.ts';
import type { AccountPause } from './rate-limiter.ts';

/** How a paused account goes on once its cause is fixed. A command that is started again resumes its account. */
export const startAgain = 'then start the command again (workers go on with: rollcall resume --account)';

/** Pauses the account. The first reason stands: it is what has to be fixed first. */
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
  return { ...state, pause: null, streak: null, down: null, doubts: [], throttling: null };
}

/**
 * Starting a run again says that what stopped the account has been fixed: its pause is cleared. A pause by a person
 * is not.
 * @throws UsageError where somebody paused the account by hand
 */
export async function resumeFixedAccount(accounts: AccountStore, account: string): Promise<void> {
  const { state } = await accounts.read(account);
  if (state.pause?.reason === 'user') {
    throw new UsageError(
      'account-paused',
      `The account ${account} was paused by hand. To go on: rollcall resume --account ${account}`,
    );
  }
  if (state.pause) await accounts.change(account, resumeAccount);
}
