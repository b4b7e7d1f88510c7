import type { AccountState } from './account-state.ts';
import type { SlotSpacing } from './slot-spacing.ts';

/**
 * What all processes share about an account, kept in the queue's store. All times are milliseconds since the epoch
 * by the store's own clock. The slots are the hot path: one round trip; the state changes rarely.
 *
 * The store remembers when the latest calls were made: at their slots, unless a note says otherwise. The
 * next slot is the earliest time that is not before
 * - now, and what `postpone` asked for,
 * - room: the time of the latest call but `calls - 1`, plus `windowInMs`,
 * - the last slot plus `evenInMs`; or plus `fastInMs` when the line is behind, that is when room was there before, but
 *   not by more than half a window (then no process was calling, and there is nothing to make up for).
 * In a store that knows no slot of the account (new or wiped) the first one is a second from now.
 */
export interface AccountStore {
  /**
   * Records the notes, then reserves up to `slots` slots, none further than `aheadInMs` from now.
   * Fewer than asked for: `retryInMs` says when the next can be near enough.
   */
  reserve(request: ReserveRequest): Promise<Reservation>;
  /** Delays the slots, never hastens them: none is given before `until` (five minutes from now at most). */
  postpone(request: { account: string; until: number }): Promise<void>;
  /**
   * Applies a pure change to the state, repeated until no other process came between. Returns the state after it;
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
  readonly spacing: SlotSpacing;
  readonly aheadInMs: number;
  readonly notes: readonly SlotNote[];
}

/** What became of a slot: its call was sent at this time, or it was not used. Unknown numbers are passed over. */
export interface SlotNote {
  readonly number: number;
  readonly sentAt: number | undefined;
}

export interface Slot {
  /** Consecutive over all processes. */
  readonly number: number;
  readonly at: number;
}

export interface Reservation extends AccountReading {
  readonly slots: readonly Slot[];
  /** The number of the slot that is next after these. */
  readonly nextNumber: number;
  readonly retryInMs: number;
}
