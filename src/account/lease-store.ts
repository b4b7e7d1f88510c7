/** Leases with an epoch that rises each time a lease is taken; in the queue's store, by its clock. */
export interface LeaseStore {
  /**
   * Takes the lease if it is free, expired, held by `holder` itself or by `evict` (a holder known to be dead).
   * The epoch given is higher than any given before and than `minEpoch`, which covers a store that was wiped.
   */
  acquire(request: {
    key: string;
    holder: string;
    durationInMs: number;
    minEpoch: number;
    evict?: string | undefined;
  }): Promise<{ readonly epoch: number } | { readonly heldBy: string; readonly expiresInMs: number }>;
  /** False if another holds it or a higher epoch was given. In a store that was wiped the lease is made again. */
  renew(request: { key: string; holder: string; epoch: number; durationInMs: number }): Promise<boolean>;
  release(request: { key: string; holder: string; epoch: number }): Promise<void>;
  holder(key: string): Promise<string | undefined>;
}
