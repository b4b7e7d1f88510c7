import { UsageError } from '../../util/errors.ts';

/** For an inventory that is not as it was delivered: what it lists, and what is missing in it, nobody knows. */
export function damaged(address: string, what: string, options: { cause?: unknown } = {}): UsageError {
  return new UsageError(
    'inventory-damaged',
    `${address} ${what}: the inventory is not whole. Restore it as it was delivered, then start the same command again; or give the manifest.json of another day.`,
    options,
  );
}
