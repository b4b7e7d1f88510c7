import type { LeaseStore } from '../account/lease-store.ts';
import { isDeadProcess, processName } from '../util/process-name.ts';

/** Spares two processes the same work. It is no fence, and none is needed: what is removed stands in a file that was written. */
const leaseInMs = 600_000;

/** Lets one process at a time write an account's ledger anew; undefined where another one does. */
export async function withCompactionLease<Result>(
  { leases, account }: { leases: LeaseStore; account: string },
  action: () => Promise<Result>,
): Promise<Result | undefined> {
  const key = `ledger-${account}`;
  const holder = processName();
  const current = await leases.holder(key);
  const evict = current !== undefined && isDeadProcess(current) ? current : undefined;
  const taken = await leases.acquire({ key, holder, durationInMs: leaseInMs, minEpoch: 0, evict });
  if (!('epoch' in taken)) return undefined;
  try {
    return await action();
  } finally {
    await leases.release({ key, holder, epoch: taken.epoch });
  }
}
