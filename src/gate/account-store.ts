import type { AccountState } from './account-state.ts';

/**
 * What all processes share about an account, kept in the queue's store. All times are milliseconds since the epoch
 * by the store's own clock. The slots are the hot path: one round trip; the state changes rarely.
 */
export interface AccountStore {
  /**
   * Reserves up to `slots` slots, `intervalInMs` apart, each at least one interval after the last one given to
   * anybody, none further than `aheadInMs` from now (but one, if the next slot itself is that near).
   * Slots have consecutive numbers from `firstNumber`. In a store that knows no slot of the account (new or wiped)
   * the first one is a second from now. Nothing granted: `retryInMs` says when a slot can be near enough.
   */
  reserve(request: ReserveRequest): Promise<Reservation>;
  /**
   * Moves the line back, never forward: no slot is given before `until`. With `slotNumber` it is that slot which is
   * not given before `until`, and those before it one interval each earlier; if it was given already, the next one
   * is meant.
   */
  postpone(request: PostponeRequest): Promise<void>;
  /**
   * Applies a pure change to the state, again and again until nobody came between. Returns the state after it;
   * nothing is written when the change returns the state that it was given.
   */
  change(
    account: string,
    change: (state: AccountState, now: number) => AccountState,
  ): Promise<AccountReading>;
  read(account: string): Promise<AccountReading>;
}

export interface AccountReading {
  readonly state: AccountState;
  readonly now: number;
}

export interface ReserveRequest {
  readonly account: string;
  readonly slots: number;
  readonly intervalInMs: number;
  readonly aheadInMs: number;
}

export interface PostponeRequest {
  readonly account: string;
  readonly until: number;
  readonly slot?: { readonly number: number; readonly intervalInMs: number };
}

export interface Reservation {
  readonly now: number;
  readonly granted: number;
  readonly firstAt: number;
  readonly firstNumber: number;
  readonly retryInMs: number;
  readonly state: AccountState;
}
