import { announceRun, announceWorker, locationOf, withdrawRun, withdrawWorker } from '../queue/presence.ts';
import type { PresenceStore } from '../queue/queue.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { processName } from '../util/process-name.ts';
import { withinTime } from '../util/time-limit.ts';

const heartbeatEveryInMs = 5_000;
const longestFarewellInMs = 1_000;

/** That this process is there, and in which runs it takes part, as all others on the queue can see. */
export interface Registration {
  /** From now on this process takes part in the run. */
  join(record: RunRecord): void;
  /** It does no more. `isOver`: nobody is to, until somebody asks for it. */
  leave(runId: string, options: { isOver: boolean }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Says so every five seconds, and at once where something changes. A store that is away is no fault here: the next
 * heartbeat makes up for it.
 */
export function openRegistration(options: {
  presence: PresenceStore;
  state: StateStore;
  /** For one call of this process. */
  timeoutInMs: number;
  onError: (error: Error) => void;
}): Registration {
  const { presence, state, timeoutInMs, onError } = options;
  const name = processName();
  const since = new Date().toISOString();
  const runs = new Map<string, RunRecord>();
  let isClosed = false;
  let underWay: Promise<void> | undefined;
  let isDue = false;

  async function heartbeat(): Promise<void> {
    const where = await locationOf(state);
    await announceWorker(presence, { ...where, name, since, timeoutInMs, runs: [...runs.keys()] });
    for (const record of [...runs.values()])
      if (runs.has(record.id)) await announceRun(presence, state, record);
  }

  /** One at a time: where the store is away, heartbeats do not pile up. */
  function heartbeatNow(): void {
    if (isClosed) return;
    isDue = underWay !== undefined;
    underWay ??= heartbeat()
      .catch(onError)
      .finally(() => {
        underWay = undefined;
        if (isDue) heartbeatNow();
      });
  }

  const timer = setInterval(heartbeatNow, heartbeatEveryInMs);
  heartbeatNow();

  return {
    join(record) {
      runs.set(record.id, record);
      heartbeatNow();
    },
    async leave(runId, { isOver }) {
      runs.delete(runId);
      // A heartbeat that is under way may announce the run once more.
      if (isOver) await inTime((underWay ?? Promise.resolve()).then(() => withdrawRun(presence, runId)));
      heartbeatNow();
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await inTime((underWay ?? Promise.resolve()).then(() => withdrawWorker(presence, name)));
    },
  };

  /** A store that is away is not waited for: registrations expire. */
  async function inTime(action: Promise<void>): Promise<void> {
    await withinTime(action.catch(onError), { limitInMs: longestFarewellInMs, whenLate: () => undefined });
  }
}
