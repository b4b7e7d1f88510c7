import type { RunRecord } from '../records/run-record.ts';

/**
 * What the ledger calls a run's source: its address, and what of it was listed. Two nights over two parts of one bucket
 * must not find each other's subjects missing.
 */
export function ledgerSourceOf(record: RunRecord): string {
  const { include, exclude } = record.settings;
  const filters = [
    ...(include.length > 0 ? [`include ${include.join(' ')}`] : []),
    ...(exclude.length > 0 ? [`exclude ${exclude.join(' ')}`] : []),
  ];
  const address = record.origin ?? record.source;
  return filters.length > 0 ? `${address} (${filters.join('; ')})` : address;
}
