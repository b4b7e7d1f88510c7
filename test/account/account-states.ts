import { type AccountState, accountStateSchema, processSeen } from '../../src/account/account-state.ts';

/** A moment, in milliseconds since 1970. */
export const now = 1_800_000_000_000;
export const fresh = accountStateSchema.parse({});
export const stateOf = (given: Partial<AccountState>): AccountState => ({ ...fresh, ...given });
/** An account that these processes use, at so many calls a second, seen that long ago. */
export const seen = (rates: Record<string, number>, ageInMs = 0) =>
  Object.entries(rates).reduce(
    (state, [processName, ratePerSecond]) =>
      processSeen(state, { processName, ratePerSecond }, now - ageInMs),
    fresh,
  );
export const doubt = (photo: string, by: string, isRepeated = false) => ({ photo, by, isRepeated });
