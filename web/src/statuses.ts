import type { Status } from '../../src/records/report/report-line.ts';

/** In the order in which they are drawn: what is well first. */
export const shownStatuses = [
  'enrolled',
  'skipped',
  'duplicate',
  'rejected',
  'failed',
  'cancelled',
] as const satisfies readonly Status[];

/** Of photos that need attention. */
export const deadLetterStatuses = ['rejected', 'failed', 'duplicate'] as const satisfies readonly Status[];
