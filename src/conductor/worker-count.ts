import { readWorkerRegistrations } from '../queue/presence.ts';
import type { PresenceStore } from '../queue/queue.ts';

const askEveryInMs = 5_000;

/** How many processes take part in a run, as they said last. Nobody waits for the store. */
export function createWorkerCount(presence: PresenceStore, runId: string): { read(): number } {
  let count = 1;
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  const ask = async () => {
    const workers = await readWorkerRegistrations(presence);
    count = Math.max(1, workers.filter(({ runs }) => runs.includes(runId)).length);
  };
  return {
    /** At least one: who asks. */
    read() {
      if (!isAsking && performance.now() - askedAt > askEveryInMs) {
        isAsking = true;
        askedAt = performance.now();
        ask()
          .catch(() => undefined)
          .finally(() => {
            isAsking = false;
          });
      }
      return count;
    },
  };
}
