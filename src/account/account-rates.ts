import type { AccountState } from './account-state.ts';

const seenWithinInMs = 15_000;

/** Notes that a process is there, with the rate it was told; those not seen for a while are forgotten. */
export function processSeen(
  state: AccountState,
  { processName, ratePerSecond }: { processName: string; ratePerSecond: number },
  now: number,
): AccountState {
  return { ...state, rates: { ...recentRates(state, now), [processName]: { ratePerSecond, seenAt: now } } };
}

export function processLeft(state: AccountState, processName: string): AccountState {
  if (!state.rates[processName]) return state;
  const { [processName]: _left, ...rates } = state.rates;
  return { ...state, rates };
}

/** The lowest rate among the processes that were seen lately and `ownRate`, that of the process that asks. */
export function lowestRate(state: AccountState, ownRate: number, now: number): number {
  const rates = Object.values(recentRates(state, now)).map((rate) => rate.ratePerSecond);
  return Math.min(ownRate, ...rates);
}

/** Says so when processes were started with different rates. */
export function rateWarning(state: AccountState, now: number): string | undefined {
  const rates = Object.values(recentRates(state, now)).map((rate) => rate.ratePerSecond);
  const different = [...new Set(rates)].sort((a, b) => a - b);
  if (different.length < 2) return undefined;
  return `Processes on this account were started with different rates (${different.join(', ')} calls a second): the lowest, ${different[0]}, is used. Give all of them the same --rate.`;
}

function recentRates(state: AccountState, now: number): AccountState['rates'] {
  return Object.fromEntries(
    Object.entries(state.rates).filter(([, rate]) => rate.seenAt > now - seenWithinInMs),
  );
}
