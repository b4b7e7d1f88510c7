import type { Logger } from 'pino';
import { withRetry } from '../util/with-retry.ts';
import { type AccountState, parseAccountState } from './account-state.ts';
import type { AccountReading, AccountStore, Reservation, ReserveRequest } from './account-store.ts';
import { createStoreClock } from './store-clock.ts';

const firstRetryInMs = 50;
const longestRetryInMs = 2000;

export type RateLimiterLog = Pick<Logger, 'info' | 'warn'>;

export interface AccountClientOptions {
  readonly store: AccountStore;
  readonly account: string;
  readonly log: RateLimiterLog;
  /** Called after every reply of the store. */
  readonly onReading: (reading: AccountReading) => void;
}

/**
 * One process's view of one account: what was last read of it, and the store's clock. A store that fails (a restart) is
 * asked again until it answers or the client is closed; callers that wait for a slot go on waiting.
 */
export function createAccountClient({ store, account, log, onReading }: AccountClientOptions) {
  const clock = createStoreClock();
  const closing = new AbortController();
  let state: AccountState = parseAccountState(undefined);
  let readAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;

  async function persist<Result>(operation: () => Promise<Result>): Promise<Result> {
    const result = await withRetry(operation, {
      signal: closing.signal,
      pauseInMs: (_error, failures) => Math.min(longestRetryInMs, firstRetryInMs * 2 ** (failures - 1)),
      onRetry(error) {
        if (!isFailing)
          log.warn({ account, err: error }, 'the queue does not answer: calls to the engine wait');
        isFailing = true;
      },
    });
    if (isFailing) log.info({ account }, 'the queue answers again');
    isFailing = false;
    return result;
  }

  /** A reply that was asked for earlier than the newest one is ignored. */
  function take(reading: AccountReading, askedAt: number): void {
    if (askedAt < readAt) return;
    readAt = askedAt;
    state = reading.state;
    onReading(reading);
  }

  async function ask<Reply extends AccountReading>(operation: () => Promise<Reply>): Promise<Reply> {
    const { reply, sentAt } = await persist(async () => {
      const sentAt = performance.now();
      const reply = await operation();
      clock.sample({ sentAt, receivedAt: performance.now(), storeNow: reply.now });
      return { reply, sentAt };
    });
    take(reply, sentAt);
    return reply;
  }

  return {
    clock,
    get state() {
      return state;
    },
    storeNow: () => clock.toStore(performance.now()),
    /** For how long nothing was read. */
    ageInMs: () => performance.now() - readAt,
    read: () => ask(() => store.read(account)),
    reserve: (request: Omit<ReserveRequest, 'account'>): Promise<Reservation> =>
      ask(() => store.reserve({ account, ...request })),
    postpone: (request: { until: number }): Promise<void> =>
      persist(() => store.postpone({ account, ...request })),
    async change(change: (state: AccountState, now: number) => AccountState): Promise<AccountState> {
      const askedAt = performance.now();
      const reading = await persist(() => store.change(account, change));
      take(reading, askedAt);
      return reading.state;
    },
    /** Ends all waiting for the store; calls from now on are tried once. */
    close: () => closing.abort(new Error('the rate limiter was closed')),
  };
}

export type AccountClient = ReturnType<typeof createAccountClient>;
