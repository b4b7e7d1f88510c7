import type { AccountState } from '../account/account-state.ts';
import type { AccountReading } from '../account/account-store.ts';

export interface VersionedState<Version> {
  read(): Promise<AccountReading & { readonly version: Version }>;
  /** False if the version is no longer that one; then nothing was written. */
  write(version: Version, text: string): Promise<boolean>;
}

/** Read, change, write if nobody came between; else once more. Somebody always gets through. */
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
