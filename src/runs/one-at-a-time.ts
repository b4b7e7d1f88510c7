import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseStore } from '../account/lease-store.ts';
import { processName } from '../util/process-name.ts';

const leaseInMs = 10_000;
const renewedEveryInMs = leaseInMs / 4;
const askAgainInMs = 100;

/**
 * Lets one process at a time look for an unfinished run and start one: two that are started together over the same
 * source would else begin two runs, and pay for every call twice.
 */
export async function oneAtATime<Result>(
  leases: LeaseStore,
  subject: { source: { address: string }; account: string },
  signal: AbortSignal,
  action: () => Promise<Result>,
): Promise<Result> {
  const hash = createHash('sha256').update(`${subject.source.address}\n${subject.account}`).digest('hex');
  const key = `start-${hash.slice(0, 16)}`;
  // Two of one process are two.
  const holder = `${processName()} ${randomUUID()}`;
  while (true) {
    const taken = await leases.acquire({ key, holder, durationInMs: leaseInMs, minEpoch: 0 });
    if (!('epoch' in taken)) {
      await delay(askAgainInMs, undefined, { signal });
      continue;
    }
    const { epoch } = taken;
    // Thousands of runs on S3 are not looked through in the time of a lease.
    const renewing = setInterval(() => {
      leases.renew({ key, holder, epoch, durationInMs: leaseInMs }).catch(() => {});
    }, renewedEveryInMs);
    try {
      return await action();
    } finally {
      clearInterval(renewing);
      await leases.release({ key, holder, epoch });
    }
  }
}
