import {
  type RunRegistration,
  readRunRegistrations,
  readWorkerRegistrations,
  withdrawRun,
} from '../queue/presence.ts';
import { type RunRecord, readRunRecord } from '../records/run-record.ts';
import type { Rollcall } from './open-rollcall.ts';

/** Where a run is, for whoever looks for it in another state. */
export const placeOf = ({ stateAddress, host }: Pick<RunRegistration, 'stateAddress' | 'host'>) =>
  `the state ${stateAddress} on ${host}`;

/** A process on a queue that it may share with others of another state. */
type QueueMember = Pick<Rollcall, 'state' | 'queue' | 'engineOf'>;

/** The runs of this queue that this worker could do, had it their state. */
export async function runsOfOtherStates({ state, queue, engineOf }: QueueMember): Promise<RunRegistration[]> {
  const { presence } = await queue();
  const own = await state.identity();
  const registered = await readRunRegistrations(presence);
  return registered.filter((run) => run.stateId !== own && fitsAccount(engineOf, run));
}

/** For whoever enqueues: that workers are there, but none that sees the run; undefined: one does, or nobody is there. */
export async function noteOnWorkers({
  queue,
  state,
}: Pick<Rollcall, 'queue' | 'state'>): Promise<string | undefined> {
  const { presence } = await queue();
  const own = await state.identity();
  const workers = await readWorkerRegistrations(presence);
  const [other] = workers;
  if (!other || workers.some(({ stateId }) => stateId === own)) return undefined;
  return (
    `There is no worker with this state (${state.address}) yet. On this queue: ${workers.length}, the first with ` +
    `${placeOf(other)}, where the run cannot be seen.`
  );
}

/** Registrations of runs of this state that nobody withdrew, since their process was killed, are withdrawn. */
export async function withdrawLeftRuns(
  { state, queue }: Pick<Rollcall, 'queue' | 'state'>,
  isToBeWorkedOn: (record: RunRecord) => Promise<boolean>,
): Promise<void> {
  const { presence } = await queue();
  const own = await state.identity();
  for (const { run, stateId } of await readRunRegistrations(presence)) {
    if (stateId !== own) continue;
    // One that cannot be read is not known to be over.
    const isLeft = await readRunRecord(state, run).then(
      async (record) => !record || !(await isToBeWorkedOn(record)),
      () => false,
    );
    if (isLeft) await withdrawRun(presence, run);
  }
}

/** Missing credentials are no other account: the worker would hear of them once it saw the run. */
function fitsAccount(engineOf: Rollcall['engineOf'], run: RunRegistration): boolean {
  try {
    return engineOf({ ...run, keepDemographics: false }) !== undefined;
  } catch {
    return true;
  }
}
