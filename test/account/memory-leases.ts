import type { LeaseStore } from '../../src/account/lease-store.ts';

export interface MemoryLeases extends LeaseStore {
  /** Who holds what, until when (`performance.now`). */
  readonly held: Map<string, { readonly holder: string; readonly epoch: number; readonly until: number }>;
}

/** The contract in a few lines; each step may fail by `before`. */
export function createMemoryLeases(before: (step: string, key: string) => void = () => {}): MemoryLeases {
  const held: MemoryLeases['held'] = new Map();
  let epochs = 0;
  const current = (key: string) => {
    const lease = held.get(key);
    return lease && lease.until > performance.now() ? lease : undefined;
  };
  const isOwn = ({ key, holder, epoch }: { key: string; holder: string; epoch: number }) =>
    held.get(key)?.holder === holder && held.get(key)?.epoch === epoch;
  return {
    held,
    async acquire({ key, holder, durationInMs, minEpoch, evict }) {
      before('acquire', key);
      const other = current(key);
      if (other && other.holder !== holder && other.holder !== evict)
        return { heldBy: other.holder, expiresInMs: other.until - performance.now() };
      epochs = Math.max(epochs, minEpoch) + 1;
      held.set(key, { holder, epoch: epochs, until: performance.now() + durationInMs });
      return { epoch: epochs };
    },
    async renew({ key, holder, epoch, durationInMs }) {
      before('renew', key);
      if (held.has(key) && !isOwn({ key, holder, epoch })) return false;
      held.set(key, { holder, epoch, until: performance.now() + durationInMs });
      return true;
    },
    async release(lease) {
      before('release', lease.key);
      if (isOwn(lease)) held.delete(lease.key);
    },
    async holder(key) {
      before('holder', key);
      return current(key)?.holder;
    },
  };
}
