import type { SeenWork } from '../runs/metrics/seen-work.ts';

/** What a further process of `--processes` is told by the one that started it. */
export type FurtherWorkerMessage =
  /** Takes part in a run from now on, or no more. */
  | { readonly kind: 'join' | 'leave'; readonly runId: string }
  /** Leaves all runs, and ends. */
  | { readonly kind: 'end' }
  /** The same, within the grace period. */
  | { readonly kind: 'drain' };

/** What it says, where that worker has `--health`. */
export interface FurtherWorkerWord {
  readonly seen: SeenWork;
}

/** The word that starts a further process which calls at its runs' own rates, whatever rate is given. */
export const ratesOfRuns = 'rates-of-runs';
