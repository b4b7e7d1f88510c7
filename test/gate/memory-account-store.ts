import { type AccountState, parseAccountState } from '../../src/gate/account-state.ts';
import type { AccountStore } from '../../src/gate/account-store.ts';

export interface MemoryAccountStore extends AccountStore {
  /** Forgets everything, as a store that lost its data. */
  wipe(): void;
}

/** The contract in a few lines, for one account, on a clock that is handed in. */
export function createMemoryAccountStore(
  clock: () => number = () => performance.now() + 1e12,
): MemoryAccountStore {
  let line: { lastAt: number; lastNumber: number; notBefore: number } | undefined;
  let state: AccountState = parseAccountState('');

  return {
    async reserve({ slots, intervalInMs, aheadInMs }) {
      const now = clock();
      line ??= { lastAt: 0, lastNumber: 0, notBefore: now + 1000 };
      const firstAt = Math.max(now, line.lastAt + intervalInMs, line.notBefore);
      const firstNumber = line.lastNumber + 1;
      const retryInMs = Math.max(0, firstAt - now - aheadInMs);
      if (retryInMs > 0) return { now, granted: 0, firstAt, firstNumber, retryInMs, state };
      const granted = Math.min(slots, Math.floor((now + aheadInMs - firstAt) / intervalInMs) + 1);
      line = {
        ...line,
        lastAt: firstAt + (granted - 1) * intervalInMs,
        lastNumber: line.lastNumber + granted,
      };
      return { now, granted, firstAt, firstNumber, retryInMs, state };
    },
    async postpone({ until, slot }) {
      line ??= { lastAt: 0, lastNumber: 0, notBefore: clock() + 1000 };
      const between = slot ? Math.max(0, slot.number - line.lastNumber - 1) * slot.intervalInMs : 0;
      line.notBefore = Math.max(line.notBefore, until - between);
    },
    async change(_account, change) {
      const now = clock();
      state = change(state, now);
      return { state, now };
    },
    async read() {
      return { state, now: clock() };
    },
    wipe() {
      line = undefined;
      state = parseAccountState('');
    },
  };
}
