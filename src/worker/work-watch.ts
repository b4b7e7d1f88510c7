import type { CallWatch } from '../account/call-watch.ts';
import type { Outcome } from '../records/report/report-line.ts';

/** Told of what this process does for photos, for whoever watches it. */
export interface WorkWatch extends CallWatch {
  /** A photo has its outcome. `engine`: whose codes these are. */
  finished(outcome: Pick<Outcome, 'status' | 'error'>, engine: string): void;
}
