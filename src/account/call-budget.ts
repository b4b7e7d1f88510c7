/** What is left of a run's `--max-calls`: calls are counted in the store before they are made, over all processes. */
export interface CallBudget {
  /** Takes one call; false if `most` were taken. */
  take(runId: string, most: number): Promise<boolean>;
  /** Calls taken so far, at least `least`: what the report shows, should the store have forgotten. */
  raise(runId: string, least: number): Promise<number>;
}
