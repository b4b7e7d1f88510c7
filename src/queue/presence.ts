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

/** A process that works on runs, or waits for runs. */
const workerRegistrationSchema = locationSchema.extend({
  /** `host:pid:start`. */
  name: z.string(),
  runs: z.array(z.string()),
  since: z.string(),
  /** For one call, at most. */
  timeoutInMs: z.number().optional(),
});
export type WorkerRegistration = z.infer<typeof workerRegistrationSchema>;

/** A worker that was silent for so long is gone; it registers every five seconds. */
const workerRegistrationInMs = 20_000;
/** Nothing may be running that repeats the registration of a run that waits. */
const runRegistrationInMs = 24 * 3_600_000;

/** Where a process and its state are, for others to see. */
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
  const registration: RunRegistration = { ...(await locationOf(state)), run: id, engine, engineUrl, account };
  await presence.announce({ kind: 'run', name: id, registration, durationInMs: runRegistrationInMs });
}

/** The run is over, or needs attention. */
export function withdrawRun(presence: PresenceStore, runId: string): Promise<void> {
  return presence.withdraw({ kind: 'run', name: runId });
}

export function announceWorker(presence: PresenceStore, registration: WorkerRegistration): Promise<void> {
  return presence.announce({
    kind: 'worker',
    name: registration.name,
    registration,
    durationInMs: workerRegistrationInMs,
  });
}

export function withdrawWorker(presence: PresenceStore, name: string): Promise<void> {
  return presence.withdraw({ kind: 'worker', name });
}

/** The registered runs and workers. What another version wrote and cannot be read is left out. */
export async function readRunRegistrations(presence: PresenceStore): Promise<RunRegistration[]> {
  return readable(runRegistrationSchema, await presence.list('run'));
}

export async function readWorkerRegistrations(presence: PresenceStore): Promise<WorkerRegistration[]> {
  return readable(workerRegistrationSchema, await presence.list('worker'));
}

function readable<Value>(schema: z.ZodType<Value>, registrations: readonly unknown[]): Value[] {
  return registrations.flatMap((registration) => {
    const parsed = schema.safeParse(registration);
    return parsed.success ? [parsed.data] : [];
  });
}
