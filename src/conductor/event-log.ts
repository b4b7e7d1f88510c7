import type { Logger } from 'pino';
import type { AccountReading } from '../account/account-store.ts';
import { eventLine, eventsPath, type RunHappening } from '../records/run-events.ts';
import type { StateAppender, StateStore } from '../storage/state/state-store.ts';
import { withinTime } from '../util/time-limit.ts';
import { createAccountWatch } from './account-watch.ts';

/** Writes down what happens to a run. Nobody waits for it, and a run goes on without it. */
export interface EventLog {
  note(happening: RunHappening): void;
  /** Called every second, and at the end; notes what the account went through since. */
  noteAccount(reading: AccountReading): void;
  close(): Promise<void>;
}

const farewellInMs = 1_000;

export function createEventLog(options: {
  state: StateStore;
  runId: string;
  writer: string;
  epoch: number;
  log: Pick<Logger, 'debug'>;
}): EventLog {
  const { state, runId, writer, epoch, log } = options;
  let appender: StateAppender | undefined;
  let isLost = false;
  let last: Promise<void> = Promise.resolve();
  const account = createAccountWatch();

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

  const note = (happening: RunHappening, agoInMs = 0) => {
    const text = eventLine(happening, new Date(Date.now() - agoInMs));
    last = last.then(() => append(text));
  };

  return {
    note,
    noteAccount(reading) {
      for (const { happening, agoInMs } of account.look(reading)) note(happening, agoInMs);
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
