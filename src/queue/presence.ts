import { hostname } from 'node:os';
import { z } from 'zod';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { PresenceStore } from './queue.ts';

const whereSchema = z.object({
  /** Of the state, the same for all who use it. */
  stateId: z.string(),
  /** Of the state, as that process sees it. */
  stateAddress: z.string(),
  host: z.string(),
});

/** A run that waits for workers or is worked on. */
const runNoticeSchema = whereSchema.extend({
  run: z.string(),
  engine: z.string(),
  engineUrl: z.string(),
  account: z.string(),
});
export type RunNotice = z.infer<typeof runNoticeSchema>;

/** A process that works on runs, or waits for some. */
const workerNoticeSchema = whereSchema.extend({
  /** `host:pid:start`. */
  name: z.string(),
  runs: z.array(z.string()),
  since: z.string(),
  /** For one call, at most. */
  timeoutInMs: z.number().optional(),
});
export type WorkerNotice = z.infer<typeof workerNoticeSchema>;

/** A worker that is not heard of for this long is gone; it says that it is there every five seconds. */
const workerNoticeInMs = 20_000;
/** Nobody may be there to repeat the notice of a run that waits. */
const runNoticeInMs = 24 * 3_600_000;

/** Where a process and its state are, as others are told. */
export async function whereabouts(state: StateStore): Promise<z.infer<typeof whereSchema>> {
  return { stateId: await state.identity(), stateAddress: state.address, host: hostname() };
}

/** Tells all workers of the queue, also those with another state, that there is something to do. */
export async function announceRun(
  presence: PresenceStore,
  state: StateStore,
  record: RunRecord,
): Promise<void> {
  const { id, engine, engineUrl, account } = record;
  const notice: RunNotice = { ...(await whereabouts(state)), run: id, engine, engineUrl, account };
  await presence.announce({ kind: 'run', name: id, notice, durationInMs: runNoticeInMs });
}

/** The run is over, or waits for a person. */
export function withdrawRun(presence: PresenceStore, runId: string): Promise<void> {
  return presence.withdraw({ kind: 'run', name: runId });
}

export function announceWorker(presence: PresenceStore, notice: WorkerNotice): Promise<void> {
  return presence.announce({ kind: 'worker', name: notice.name, notice, durationInMs: workerNoticeInMs });
}

export function withdrawWorker(presence: PresenceStore, name: string): Promise<void> {
  return presence.withdraw({ kind: 'worker', name });
}

/** The runs and workers that are announced. What another version wrote and cannot be read is left out. */
export async function readRunNotices(presence: PresenceStore): Promise<RunNotice[]> {
  return readable(runNoticeSchema, await presence.list('run'));
}

export async function readWorkerNotices(presence: PresenceStore): Promise<WorkerNotice[]> {
  return readable(workerNoticeSchema, await presence.list('worker'));
}

function readable<Notice>(schema: z.ZodType<Notice>, notices: readonly unknown[]): Notice[] {
  return notices.flatMap((notice) => {
    const parsed = schema.safeParse(notice);
    return parsed.success ? [parsed.data] : [];
  });
}
