import { setTimeout as delay } from 'node:timers/promises';
import { type Lease, takeLease } from '../queue/lease.ts';
import { FaultError, UsageError } from '../util/errors.ts';
import type { Rollcall } from './open-rollcall.ts';

export interface Turn {
  /** Of the lease. */
  readonly key: string;
  /** For people: what another process does. */
  readonly taken: string;
  readonly signal: AbortSignal;
}

const lookEveryInMs = 250;
/** A dead process of another machine may still hold it. */
const longestWaitInMs = 25_000;

/**
 * Does what one process at a time may do.
 * @param action is given a signal that also tells when the turn is lost
 * @throws UsageError where another process has it; FaultError where another took it over
 */
export async function holdTurn<Result>(
  { queue }: Pick<Rollcall, 'queue'>,
  turn: Turn,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const lease = await takeTurn((await queue()).leases, turn);
  const over = new AbortController();
  const lost = new AbortController();
  const kept = lease.keep(over.signal).then(() => {
    if (!over.signal.aborted) lost.abort();
  });
  const assertHeld = () => {
    if (lost.signal.aborted && !turn.signal.aborted)
      throw new FaultError('queue', 'Another process has gone on with this: it was stopped for too long.');
  };
  try {
    const result = await action(AbortSignal.any([turn.signal, lost.signal])).catch((error) => {
      assertHeld();
      throw error;
    });
    assertHeld();
    return result;
  } finally {
    over.abort();
    await kept;
    await lease.release();
  }
}

async function takeTurn(
  leases: Parameters<typeof takeLease>[0]['leases'],
  { key, taken, signal }: Turn,
): Promise<Lease> {
  const waitsUntil = performance.now() + longestWaitInMs;
  while (true) {
    const lease = await takeLease({ leases, key });
    if (lease) return lease;
    if (performance.now() > waitsUntil) throw new UsageError('under-way', `${taken}. Wait for its end.`);
    await delay(lookEveryInMs, undefined, { signal });
  }
}
