import { type AccountState, parseAccountState } from '../account/account-state.ts';
import type { AccountReading } from '../account/account-store.ts';

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

export interface VersionedState<Version> {
  read(): Promise<AccountReading & { readonly version: Version }>;
  /** False if the version is no longer that one; then nothing was written. */
  write(version: Version, text: string): Promise<boolean>;
}

/** Reads, changes, and writes if no other process came between; else once more. One of them always succeeds. */
export async function changeState<Version>(
  change: (state: AccountState, now: number) => AccountState,
  { read, write }: VersionedState<Version>,
): Promise<AccountReading> {
  for (;;) {
    const { state, now, version } = await read();
    const changed = change(state, now);
    if (changed === state || (await write(version, JSON.stringify(changed)))) return { state: changed, now };
  }
}
