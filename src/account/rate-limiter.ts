import type { AccountCheck, CallReply } from '../engines/engine.ts';

/**
 * Paces the calls to one account, over all processes on the same queue, and knows its health. The account room holds
 * everything between a photo that needs a call and the call itself; its way begins in `makeCall`.
 */
export interface RateLimiter {
  /**
   * Waits for the next slot and for a free call (`--concurrency`). Runs on one account take turns.
   * @throws AccountPausedError when the account is paused, before or while waiting
   * @throws the signal's reason when aborted
   */
  acquire(options: { runId: string; signal: AbortSignal }): Promise<Permit>;
  /**
   * Notes that this process works on a run, until the returned function is called. `ratePerSecond`: the run's own rate,
   * where it was given one. It stands above this process's default, and below a rate that this process was given.
   */
  joinRun(runId: string, ratePerSecond: number | undefined): () => void;
  /** Whether a call that this process began after `at` (as `witness` gave it) showed that the account is right. */
  isRightSince(at: number): boolean;
  /** Whether so many calls were refused that the next one has to ask for the account. */
  isToBeAsked(): boolean;
  /** Whether a photo got through since this process started, or since the account was paused. */
  hasPassed(): boolean;
  /** Who sees a reply that comes now, and when, by its own count; the same until the account is paused. */
  witness(): { readonly by: string; readonly at: number };
  /** What this process knows of the account, for progress and status. */
  snapshot(): RateLimiterSnapshot;
  close(): Promise<void>;
}

/** The right to make one call, now. */
export interface Permit {
  /** To be called when the request's head is written: a late call delays the slots that follow. */
  sent(): void;
  /** Gives the permit back and records the reply in the account's health. Never rejects. */
  done(call: FinishedCall): Promise<RecordedCall>;
  /** The same for a call that asked nothing but whether the account is right. */
  checked(check: AccountCheck): Promise<void>;
}

export interface RecordedCall {
  /**
   * Whether an unavailable or refused reply costs the photo an attempt. An unavailable one does not while the engine is
   * down; a refused one does from the second on. Who can wait until others got through asks `isRightSince` instead.
   */
  readonly charged: boolean;
}

export interface FinishedCall {
  /** `undefined`: the call was not made, or was aborted. */
  readonly reply: CallReply | undefined;
  /** Tells photos apart (run and seq). */
  readonly photo: string;
  /** Calls charged to the photo before this one: tells a photo that always fails from an engine that is down. */
  readonly attemptsBefore: number;
  /** Whether the photo is known to have been refused before, by whichever process. */
  readonly refusedBefore?: boolean;
  /** A call without a photo, which asks for nothing but the account. */
  readonly isCheck?: boolean;
}

export interface RateLimiterSnapshot {
  /** Calls a second allowed now: the lowest rate of all processes, cut by throttling. */
  readonly ratePerSecond: number;
  /** Calls a second that this process made over the last few seconds. */
  readonly achievedPerSecond: number;
  /** Whether `--concurrency`, not the rate, holds calls back. */
  readonly heldByConcurrency: boolean;
  readonly state: 'open' | 'throttled' | 'down' | 'paused';
  /** Calls of this process in flight. */
  readonly inFlight: number;
  /** Unless the state is open: what it waits for, in words. */
  readonly message?: string;
  /** The same in 58 columns at most, and what is at the bottom of it, where the message has more to say. */
  readonly brief?: string;
  readonly cause?: string;
}

/** Why calls to an account are stopped until someone or something clears it. */
export interface AccountPause {
  readonly reason: 'refused' | 'throttled' | 'down' | 'user';
  readonly message: string;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly since: number;
}

export class AccountPausedError extends Error {
  override readonly name = 'AccountPausedError';
  readonly pause: AccountPause;

  constructor(pause: AccountPause) {
    super(pause.message);
    this.pause = pause;
  }
}
