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

/** The runs of this queue that this worker could do, had it their state. */
export async function runsOfOtherStates(rollcall: Rollcall): Promise<RunRegistration[]> {
  const { presence } = await rollcall.queue();
  const own = await rollcall.state.identity();
  const notices = await readRunRegistrations(presence);
  return notices.filter((notice) => notice.stateId !== own && fitsAccount(rollcall, notice));
}

/** For whoever enqueues: that workers are there, but none that sees the run; undefined: one does, or nobody is there. */
export async function noteOnWorkers({ queue, state }: Rollcall): Promise<string | undefined> {
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
  rollcall: Rollcall,
  isToBeWorkedOn: (record: RunRecord) => Promise<boolean>,
): Promise<void> {
  if (await hasOwnRun(rollcall, isToBeWorkedOn)) return;
  // A state with nights to come is no mistake, whoever else uses the queue.
  if ((await listScheduleNames(rollcall.state)).length > 0) return;
  const [other, ...more] = await runsOfOtherStates(rollcall);
  if (!other) return;
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new UsageError(
    'other-state',
    `The queue has work, but in another state than this worker's: run ${other.run}${others} is in ${placeOf(other)}, ` +
      `this worker's state is ${rollcall.state.address}. Set --state (ROLLCALL_STATE) to the state of the run: an ` +
      's3:// address, or a folder that both machines see. Or set --queue (ROLLCALL_QUEUE) to a queue of its own.',
  );
}

/** Notices of this state that nobody withdrew (their process was killed) are withdrawn on the way. */
async function hasOwnRun(
  { state, queue }: Rollcall,
  isToBeWorkedOn: (record: RunRecord) => Promise<boolean>,
): Promise<boolean> {
  const { presence } = await queue();
  const own = await state.identity();
  const notices = (await readRunRegistrations(presence)).filter(({ stateId }) => stateId === own);
  let found = false;
  for (const { run } of notices) {
    const record = await readRunRecord(state, run);
    if (record && (await isToBeWorkedOn(record))) found = true;
    else await withdrawRun(presence, run);
  }
  return found;
}

/** Missing credentials are no other account: the worker would be told of them once it saw the run. */
function fitsAccount(rollcall: Rollcall, notice: RunRegistration): boolean {
  try {
    return rollcall.engineOf({ ...notice, keepDemographics: false }) !== undefined;
  } catch {
    return true;
  }
}
