import { hostname } from 'node:os';
import { z } from 'zod';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { PresenceStore } from './queue.ts';

const locationSchema = z.object({
  /** Of the state, the same for all who use it. */
  stateId: z.string(),
  /** Of the state, as that process sees it. */
  stateAddress: z.string(),
  host: z.string(),
});

/** A run that waits for workers or is worked on. */
const runRegistrationSchema = locationSchema.extend({
  run: z.string(),
  engine: z.string(),
  engineUrl: z.string(),
  account: z.string(),
});
export type RunRegistration = z.infer<typeof runRegistrationSchema>;

/** A process that works on runs, or waits for some. */
const workerRegistrationSchema = locationSchema.extend({
  /** `host:pid:start`. */
  name: z.string(),
  runs: z.array(z.string()),
  since: z.string(),
  /** For one call, at most. */
  timeoutInMs: z.number().optional(),
});
export type WorkerRegistration = z.infer<typeof workerRegistrationSchema>;

/** A worker that is not heard of for this long is gone; it says that it is there every five seconds. */
const workerRegistrationInMs = 20_000;
/** Nobody may be there to repeat the notice of a run that waits. */
const runRegistrationInMs = 24 * 3_600_000;

/** Where a process and its state are, as others are told. */
export async function locationOf(state: StateStore): Promise<z.infer<typeof locationSchema>> {
  return { stateId: await state.identity(), stateAddress: state.address, host: hostname() };
}

/** Tells all workers of the queue, also those with another state, that there is something to do. */
export async function announceRun(
  presence: PresenceStore,
  state: StateStore,
  record: RunRecord,
): Promise<void> {
  const { id, engine, engineUrl, account } = record;
  const notice: RunRegistration = { ...(await locationOf(state)), run: id, engine, engineUrl, account };
  await presence.announce({ kind: 'run', name: id, notice, durationInMs: runRegistrationInMs });
}

/** The run is over, or waits for a person. */
export function withdrawRun(presence: PresenceStore, runId: string): Promise<void> {
  return presence.withdraw({ kind: 'run', name: runId });
}

export function announceWorker(presence: PresenceStore, notice: WorkerRegistration): Promise<void> {
  return presence.announce({
    kind: 'worker',
    name: notice.name,
    notice,
    durationInMs: workerRegistrationInMs,
  });
}

export function withdrawWorker(presence: PresenceStore, name: string): Promise<void> {
  return presence.withdraw({ kind: 'worker', name });
}

/** The runs and workers that are announced. What another version wrote and cannot be read is left out. */
export async function readRunRegistrations(presence: PresenceStore): Promise<RunRegistration[]> {
  return readable(runRegistrationSchema, await presence.list('run'));
}

export async function readWorkerRegistrations(presence: PresenceStore): Promise<WorkerRegistration[]> {
  return readable(workerRegistrationSchema, await presence.list('worker'));
}

function readable<Notice>(schema: z.ZodType<Notice>, notices: readonly unknown[]): Notice[] {
  return notices.flatMap((notice) => {
    const parsed = schema.safeParse(notice);
    return parsed.success ? [parsed.data] : [];
  });
}
