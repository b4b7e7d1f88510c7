import { accountSummary, rateAllowed } from '../../account/account-summary.ts';
import type { AccountPause } from '../../account/rate-limiter.ts';
import { readWorkerRegistrations } from '../../queue/presence.ts';
import { isOver, listReadableRuns, type RunRecord } from '../../records/run-record.ts';
import { withinTime } from '../../util/time-limit.ts';
import type { Rollcall } from '../open-rollcall.ts';

/** Of a store that does not answer sooner nothing is said. */
const answerWithinInMs = 2_500;
/** Each is asked for on its own. */
const mostAccounts = 50;

/** What state and queue say of the work to be done; `undefined`: it did not answer. */
export interface WorkReading {
  /** All runs that can be read, the newest first. */
  readonly runs: readonly RunRecord[] | undefined;
  readonly queue: QueueReading | undefined;
}

export interface QueueReading {
  /** Processes on the queue that work with this state. */
  readonly workers: number;
  /** The accounts of runs that are not over; none where the state does not say which runs there are. */
  readonly accounts: readonly AccountReading[];
}

export interface AccountReading {
  /** Calls a second that are allowed now; 0: no process calls. */
  readonly rateLimit: number;
  readonly isUp: boolean;
  readonly pausedFor: AccountPause['reason'] | undefined;
}

type ReadTools = Pick<Rollcall, 'state' | 'queue' | 'calledAccountOf'>;

/**
 * A function that reads them, in 5 seconds at most. Whoever asks while somebody else's question is under way gets the same
 * answer: a store that is away does not gather questions.
 */
export function openWorkReader(rollcall: ReadTools): () => Promise<WorkReading> {
  let underWay: Promise<WorkReading> | undefined;
  return () => {
    underWay ??= readWork(rollcall).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function readWork(rollcall: ReadTools): Promise<WorkReading> {
  const runs = await ifInTime(listReadableRuns(rollcall.state).then(({ records }) => records));
  return { runs, queue: await ifInTime(readQueue(rollcall, runs ?? [])) };
}

async function readQueue(
  { state, queue, calledAccountOf }: ReadTools,
  runs: readonly RunRecord[],
): Promise<QueueReading> {
  const { accounts, presence } = await queue();
  const own = await state.identity();
  const registrations = await readWorkerRegistrations(presence);
  const open = new Set(runs.filter((run) => !isOver(run)).map(({ account }) => account));
  const called = new Set(await Promise.all([...open].slice(0, mostAccounts).map(calledAccountOf)));
  const readings = await Promise.all([...called].map((account) => accounts.read(account)));
  return {
    workers: registrations.filter(({ stateId }) => stateId === own).length,
    accounts: readings.map(({ state: account, now }) => ({
      rateLimit: rateAllowed(account, now),
      isUp: accountSummary(account, now).state !== 'down' && account.pause?.reason !== 'down',
      pausedFor: account.pause?.reason,
    })),
  };
}

/** What fails is not there: why, the log says, and `GET /health`. */
function ifInTime<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  return withinTime(answer, { limitInMs: answerWithinInMs }).catch(() => undefined);
}
