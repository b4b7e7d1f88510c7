/** Where a process's rate at an account comes from. */
export interface OwnRate {
  /** What the process was given, or else its default. */
  readonly ratePerSecond: number;
  /** True where it was given: a ceiling for the runs that have a rate of their own. */
  readonly isCeiling: boolean;
}

/**
 * The rate that a process asks for at an account: the lowest of the rates that its runs were given, no higher than its
 * own if that was given; runs without a rate leave it to the process.
 */
export function rateWithRuns({ ratePerSecond, isCeiling }: OwnRate, ratesOfRuns: Iterable<number>): number {
  const ofRuns = Math.min(...ratesOfRuns);
  if (ofRuns === Number.POSITIVE_INFINITY) return ratePerSecond;
  return isCeiling ? Math.min(ofRuns, ratePerSecond) : ofRuns;
}
