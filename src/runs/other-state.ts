import {
  type RunRegistration,
  readRunRegistrations,
  readWorkerRegistrations,
  withdrawRun,
} from '../queue/presence.ts';
import { type RunRecord, readRunRecord } from '../records/run-record.ts';
import { listScheduleNames } from '../records/schedule.ts';
import { UsageError } from '../util/errors.ts';
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

/**
 * For a worker that starts: where the queue has runs for its account, but none of them is in its state, it would wait
 * for ever beside them. On a queue without runs it just waits.
 * @throws UsageError naming the other state and what to set
 */
export async function refuseOtherState(
  member: QueueMember,
  isToBeWorkedOn: (record: RunRecord) => Promise<boolean>,
): Promise<void> {
  if (await hasOwnRun(member, isToBeWorkedOn)) return;
  // A state with nights to come is no mistake, whoever else uses the queue.
  if ((await listScheduleNames(member.state)).length > 0) return;
  const [other, ...more] = await runsOfOtherStates(member);
  if (!other) return;
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new UsageError(
    'other-state',
    `The queue has work, but in another state than this worker's: run ${other.run}${others} is in ${placeOf(other)}, ` +
      `this worker's state is ${member.state.address}. Set --state (ROLLCALL_STATE) to the state of the run: an ` +
      's3:// address, or a folder that both machines see. Or set --queue (ROLLCALL_QUEUE) to a queue of its own.',
  );
}

/** Registrations of this state that nobody withdrew (their process was killed) are withdrawn on the way. */
async function hasOwnRun(
  { state, queue }: Pick<Rollcall, 'queue' | 'state'>,
  isToBeWorkedOn: (record: RunRecord) => Promise<boolean>,
): Promise<boolean> {
  const { presence } = await queue();
  const own = await state.identity();
  const registered = (await readRunRegistrations(presence)).filter(({ stateId }) => stateId === own);
  let found = false;
  for (const { run } of registered) {
    const record = await readRunRecord(state, run);
    if (record && (await isToBeWorkedOn(record))) found = true;
    else await withdrawRun(presence, run);
  }
  return found;
}

/** Missing credentials are no other account: the worker would hear of them once it saw the run. */
function fitsAccount(engineOf: Rollcall['engineOf'], run: RunRegistration): boolean {
  try {
    return engineOf({ ...run, keepDemographics: false }) !== undefined;
  } catch {
    return true;
  }
}
