import type { Status } from '../../src/records/report-line.ts';

/** In the order in which they are drawn: what is well first. */
export const shownStatuses = [
  'enrolled',
  'skipped',
  'duplicate',
  'rejected',
  'failed',
  'cancelled',
] as const satisfies readonly Status[];
