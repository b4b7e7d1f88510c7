import type { AccountState } from '../account/account-state.ts';
import type { AccountReading } from '../account/account-store.ts';
import { accountSummary } from '../account/account-summary.ts';
import type { RunHappening } from '../records/run-events.ts';

/** Something that an account went through, and how long ago it began. */
export interface AccountNews {
  readonly happening: RunHappening;
  readonly agoInMs: number;
}

/** An account that is throttled again and again is said so once a minute. */
const throttledOnceInMs = 60_000;

/**
 * Looks at an account now and then, and tells what it went through since the look before: also what was over by the next
 * look. Of the first look only an outage that goes on, and throttling, are news.
 */
export function createAccountWatch(): { look(reading: AccountReading): AccountNews[] } {
  let before: AccountState | undefined;
  let isDown = false;
  let isThrottled = false;
  let throttledAt = Number.NEGATIVE_INFINITY;

  function* outages({ state: { down, outage, pause }, now }: AccountReading): Generator<AccountNews> {
    const news = (kind: 'engine-down' | 'engine-up', at: number) => {
      isDown = kind === 'engine-down';
      return { happening: { kind }, agoInMs: now - at };
    };
    // One that began before the first look began for this run now.
    const since = before ? outage?.since : (down && now) || undefined;
    if (since !== undefined && since !== before?.outage?.since) {
      if (isDown) yield news('engine-up', since);
      yield news('engine-down', since);
    }
    // Of a pause that somebody ended, and of a store that was wiped, nothing else is left.
    const endedAt = outage?.endedAt ?? (down || pause ? undefined : now);
    if (isDown && endedAt !== undefined) yield news('engine-up', endedAt);
  }

  function* throttling({ state, now }: AccountReading): Generator<AccountNews> {
    const was = isThrottled;
    const isCut = before !== undefined && state.pace.cutAt > before.pace.cutAt;
    const { state: health } = accountSummary(state, now);
    isThrottled = health === 'throttled' || (isCut && health === 'open');
    if (was || !isThrottled || now - throttledAt < throttledOnceInMs) return;
    throttledAt = now;
    yield { happening: { kind: 'throttled' }, agoInMs: 0 };
  }

  return {
    look(reading) {
      const news = [...outages(reading), ...throttling(reading)];
      before = reading.state;
      return news;
    },
  };
}
