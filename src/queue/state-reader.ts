import { type AccountState, parseAccountState } from '../account/account-state.ts';

/** Parses what a store holds, and not again as long as it is the same text: it comes with every reservation. */
export function createStateReader(): (account: string, text: string | null | undefined) => AccountState {
  const known = new Map<string, { text: string; state: AccountState }>();
  return (account, text) => {
    const last = known.get(account);
    if (last && last.text === (text ?? '')) return last.state;
    const state = parseAccountState(text);
    known.set(account, { text: text ?? '', state });
    return state;
  };
}
