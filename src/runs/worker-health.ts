import { readWorkerRegistrations } from '../queue/presence.ts';
import { listRunRecords } from '../records/run-record.ts';
import { type HealthServer, startHealthServer, type WorkMetrics } from '../worker/health-server.ts';
import type { Rollcall } from './open-rollcall.ts';

/** The loop looks for runs every second; on a state where that costs, every few. */
const longestSilenceInMs = 60_000;

/** Answers at `--health`, if it is set, whether this worker is well and how much there is to do. */
export async function watchHealth(
  rollcall: Rollcall,
  signal: AbortSignal,
): Promise<{ noteLook(): void; close(): Promise<void> }> {
  const { settings, state } = rollcall;
  let lookedAt = performance.now();
  let server: HealthServer | undefined;
  if (settings.health !== undefined) {
    const { accounts, presence } = await rollcall.queue();
    server = await startHealthServer({
      address: settings.health,
      async check() {
        if (signal.aborted) throw new Error('the worker is stopping');
        if (performance.now() - lookedAt > longestSilenceInMs)
          throw new Error('the worker does not look for runs');
        await accounts.read('health').catch(() => {
          throw new Error('the queue does not answer');
        });
      },
      metrics: () =>
        readMetrics().catch(() => {
          throw new Error('the queue or the state does not answer');
        }),
    });

    async function readMetrics(): Promise<WorkMetrics> {
      const active = (await listRunRecords(state)).filter((record) => record.state === 'active');
      const own = await state.identity();
      const workers = (await readWorkerRegistrations(presence)).filter(({ stateId }) => stateId === own);
      const photosLeft = active.reduce((sum, { counts }) => sum + counts.listed - counts.done, 0);
      return { photosLeft, runs: active.length, workers: workers.length };
    }
  }
  return {
    noteLook() {
      lookedAt = performance.now();
    },
    close: async () => server?.close(),
  };
}
