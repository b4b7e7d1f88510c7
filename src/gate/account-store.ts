import type { AccountState } from './account-state.ts';

/**
 * What all processes share about an account, kept in the queue's store. All times are milliseconds since the epoch
 * by the store's own clock. The slots are the hot path: one round trip; the state changes rarely.
 */
export interface AccountStore {
  /**
   * Reserves up to `slots` slots, `intervalInMs` apart, each at least one interval after the last one given to
   * anybody, none further than `aheadInMs` from now (but at least one if the next slot itself is that near).
   * Slots have consecutive numbers from `firstNumber`. In a store that knows nothing of the account (new or wiped)
   * the first slot is one second from now. Nothing granted: `retryInMs` says when a slot can be near enough.
   */
  reserve(request: {
    account: string;
    slots: number;
    intervalInMs: number;
    aheadInMs: number;
  }): Promise<Reservation>;
  /**
   * Moves the next slot, never forward in the line: no slot is given before `until`; and where `slotNumber` is
   * given, the slot of that number is not given before `until`, those before it one interval each earlier.
   */
  postpone(request: {
    account: string;
    until: number;
    slotNumber?: number;
    intervalInMs?: number;
  }): Promise<void>;
  /** Applies a pure change to the state, again and again until nobody came between. Returns the state after it. */
  change(account: string, change: (state: AccountState, now: number) => AccountState): Promise<AccountState>;
  read(account: string): Promise<{ state: AccountState; now: number }>;
}

export interface Reservation {
  readonly now: number;
  readonly granted: number;
  readonly firstAt: number;
  readonly firstNumber: number;
  readonly retryInMs: number;
  readonly state: AccountState;
}
