import { resumeAccount } from '../account/account-pause.ts';
import type { AccountStore } from '../account/account-store.ts';
import { UsageError } from '../util/errors.ts';

/**
 * Starting a run again says that what stopped the account has been mended: its pause is cleared. A pause by a person
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
