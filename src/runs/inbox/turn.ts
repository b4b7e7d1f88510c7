import type { Logger } from 'pino';
import { type Lease, takeLease } from '../../queue/lease.ts';
import type { QueueBackend } from '../../queue/queue.ts';
import { epochOf, readClaims } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { isDeadProcess, processName } from '../../util/process-name.ts';

const wishInMs = 3_000;

/** The right to take in for an inbox: one process has it at a time. */
export interface Turn {
  /** Its epoch is above those of all sessions. */
  readonly lease: Lease;
  /** Whether another process waits for the next turn. */
  isWanted(): Promise<boolean>;
  release(): Promise<void>;
}

export interface TurnTools {
  readonly state: StateStore;
  readonly backend: Pick<QueueBackend, 'leases'>;
  readonly inbox: string;
  readonly log: Logger;
  /** What this process has asked for. */
  readonly memory: { wish?: Lease | undefined };
  /** Asks the process that takes in to let go, and to be the next one. */
  readonly wishes: boolean;
}

/** Inboxes for which this process takes in: to the lease store it is one, however many ask. */
const heldHere = new Set<string>();

/** @returns undefined where another process takes in, or is the next one */
export async function takeTurn(tools: TurnTools): Promise<Turn | undefined> {
  const { state, inbox, memory } = tools;
  const { leases } = tools.backend;
  const key = `inbox-${await state.identity()}-${inbox}`;
  const wish = `${key}-wish`;
  if (heldHere.has(key)) return undefined;
  heldHere.add(key);
  let lease: Lease | undefined;
  const release = async () => {
    await lease?.release().catch(() => {});
    heldHere.delete(key);
  };
  try {
    lease = (await isOthersTurn(leases, wish)) ? undefined : await leaseAbove(tools, key);
    if (lease) {
      await memory.wish?.release();
      memory.wish = undefined;
      return { lease, isWanted: async () => (await leases.holder(wish)) !== undefined, release };
    }
    if (tools.wishes) memory.wish = await takeLease({ leases, key: wish, durationInMs: wishInMs });
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

/** Whoever waits longest as a rule: else the one that let go would often be the next one again. */
async function isOthersTurn(leases: QueueBackend['leases'], wish: string): Promise<boolean> {
  const next = await leases.holder(wish);
  return next !== undefined && next !== processName() && !isDeadProcess(next);
}

/** With an epoch above those of all sessions: the queue may have been wiped. */
async function leaseAbove({ state, backend: { leases }, inbox, log }: TurnTools, key: string) {
  const onError = (error: Error) => log.warn({ inbox, reason: error.message }, 'the queue does not answer');
  const lease = await takeLease({ leases, key, onError });
  const highest = lease ? epochOf((await readClaims(state, inbox)).at(-1) ?? '0') : 0;
  return !lease || lease.epoch > highest ? lease : takeLease({ leases, key, minEpoch: highest, onError });
}
