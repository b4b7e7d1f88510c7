import type { Logger } from 'pino';
import type { RateLimiterSnapshot } from '../account/rate-limiter.ts';
import { eventLine, eventsPath, type RunHappening } from '../records/run-events.ts';
import type { StateAppender, StateStore } from '../storage/state/state-store.ts';
import { withinTime } from '../util/time-limit.ts';

/** Writes down what happens to a run. Nobody waits for it, and a run goes on without it. */
export interface EventLog {
  note(happening: RunHappening): void;
  /** Called every second with what the account is in; notes what is new of it. */
  noteAccount(state: RateLimiterSnapshot['state']): void;
  close(): Promise<void>;
}

/** An account that is throttled again and again is said so once a minute. */
const throttledOnceInMs = 60_000;
const farewellInMs = 1_000;

export function createEventLog(options: {
  state: StateStore;
  runId: string;
  writer: string;
  epoch: number;
  log: Pick<Logger, 'debug'>;
  now?: () => number;
}): EventLog {
  const { state, runId, writer, epoch, log, now = () => performance.now() } = options;
  let appender: StateAppender | undefined;
  let isLost = false;
  let last: Promise<void> = Promise.resolve();
  let account: RateLimiterSnapshot['state'] = 'open';
  let throttledAt = Number.NEGATIVE_INFINITY;

  async function append(text: string): Promise<void> {
    if (isLost) return;
    try {
      appender ??= await state.openAppender(eventsPath(runId, { writer, epoch }));
      await appender.append(text);
    } catch (error) {
      isLost = true;
      log.debug({ run: runId, reason: (error as Error).message }, 'events of the run are not written down');
    }
  }

  const note: EventLog['note'] = (happening) => {
    const text = eventLine(happening);
    last = last.then(() => append(text));
  };

  return {
    note,
    noteAccount(to) {
      const from = account;
      account = to;
      if (from === to) return;
      if (to === 'down') return note({ kind: 'engine-down' });
      if (from === 'down' && to !== 'paused') note({ kind: 'engine-up' });
      if (to !== 'throttled' || now() - throttledAt < throttledOnceInMs) return;
      throttledAt = now();
      note({ kind: 'throttled' });
    },
    close() {
      const closed = last.then(() => appender?.close());
      return withinTime(
        closed.catch(() => {}),
        { limitInMs: farewellInMs, whenLate: () => {} },
      );
    },
  };
}
