import { type AccountAlias, readAccountAlias, writeAccountAlias } from '../records/account-alias.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { AccountState } from './account-state.ts';
import type { AccountStore } from './account-store.ts';

/** Knows for the account of a run or a ledger which account is called: one, however its address is spelled. */
export interface CalledAccounts {
  /** An account that this process has the credentials of. */
  note(alias: AccountAlias): void;
  /** The id of the account that is called; the account itself where nothing else is known. */
  calledOf(account: string): Promise<string>;
  /** A store whose accounts are those that are called, whichever of their ids is given. */
  storeOver(accounts: AccountStore): AccountStore;
}

/** What is no account (a check of `doctor`) has no alias. */
const accountPattern = /^[\da-f]{16}$/;

export function createCalledAccounts(state: StateStore): CalledAccounts {
  const noted = new Map<string, AccountAlias>();
  const found = new Map<string, Promise<string>>();
  let accounts: AccountStore | undefined;

  async function look(account: string): Promise<string> {
    const own = noted.get(account);
    if (!accountPattern.test(account) || own?.called === account) return account;
    const written = await readAccountAlias(state, account);
    if (!own || written?.called === own.called) return written?.called ?? account;
    // What an earlier version knew of it under its own id; without a queue it is left to the next process.
    if (!accounts) return own.called;
    await takeOver(accounts, own);
    await writeAccountAlias(state, own);
    return own.called;
  }

  function calledOf(account: string): Promise<string> {
    const known = found.get(account);
    if (known) return known;
    const called = look(account);
    found.set(account, called);
    called.catch(() => found.delete(account));
    return called;
  }

  return {
    note(alias) {
      noted.set(alias.account, alias);
      noted.set(alias.called, { ...alias, account: alias.called });
      found.delete(alias.account);
    },
    calledOf,
    storeOver(store) {
      accounts = store;
      found.clear();
      return {
        reserve: async (request) => store.reserve({ ...request, account: await calledOf(request.account) }),
        postpone: async (request) => store.postpone({ ...request, account: await calledOf(request.account) }),
        change: async (account, change) => store.change(await calledOf(account), change),
        read: async (account) => store.read(await calledOf(account)),
      };
    },
  };
}

async function takeOver(accounts: AccountStore, { account, called }: AccountAlias): Promise<void> {
  const { state: former } = await accounts.read(account);
  await accounts.change(called, (state) => mergeFormer(state, former));
}

/** A pause stays a pause, and the slower pace counts. Pure. */
export function mergeFormer(state: AccountState, former: AccountState): AccountState {
  const isPaused = !state.pause && former.pause;
  const isSlower = former.pace.value < state.pace.value;
  if (!isPaused && !isSlower) return state;
  return { ...state, ...(isPaused && { pause: former.pause }), ...(isSlower && { pace: former.pace }) };
}
