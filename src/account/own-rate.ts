import type { AccountClient, RateLimiterLog } from './account-client.ts';
import { type AccountState, processSeen, rateWarning } from './account-state.ts';
import { withClockSetBack } from './clock-set-back.ts';

const heartbeatInMs = 5000;

export interface OwnRateOptions {
  readonly client: AccountClient;
  readonly account: string;
  readonly processName: string;
  /** What the process was given, or else its default. */
  readonly ratePerSecond: number;
  /** True where it was given: a ceiling for the runs that have a rate of their own. */
  readonly isCeiling: boolean;
  /** Done to the account's state with every heartbeat. */
  readonly renew: (state: AccountState, now: number) => AccountState;
  readonly log: RateLimiterLog;
}

/**
 * The rate that a process asks for at an account. It is published in the account's state, by which the others keep to
 * it: with a heartbeat, and at once when it changes.
 */
export function createOwnRate(options: OwnRateOptions) {
  const { client, account, processName, renew, log } = options;
  const ratesOfRuns = new Map<string, number>();
  let isPublished = false;
  let isPublishing = false;
  let isClosed = false;
  let lastWarning: string | undefined;

  const current = () => rateWithRuns(options, ratesOfRuns.values());
  const timer = setInterval(() => void publish().catch(() => undefined), heartbeatInMs);

  async function publish(): Promise<void> {
    if (isPublishing) return;
    isPublishing = true;
    const ratePerSecond = current();
    const state = await client
      .change((before, now) =>
        renew(processSeen(withClockSetBack(before, now), { processName, ratePerSecond }, now), now),
      )
      .finally(() => {
        isPublishing = false;
      });
    isPublished = true;
    const warning = rateWarning(state, client.storeNow());
    if (warning && warning !== lastWarning) log.warn({ account }, warning);
    lastWarning = warning;
    // A run came or went meanwhile.
    if (ratePerSecond !== current() && !isClosed) await publish();
  }

  /** The others need it at once. */
  function publishAgain(): void {
    if (isPublished && !isClosed) publish().catch(() => undefined);
  }

  function changeRuns(change: () => void): void {
    const before = current();
    change();
    if (current() !== before) publishAgain();
  }

  return {
    current,
    publish,
    /** The store may have been wiped. */
    noteReading() {
      if (!client.state.rates[processName]) publishAgain();
    },
    /** A run that may have a rate of its own; call what it returns when the run is over. */
    joinRun(runId: string, ratePerSecond: number | undefined): () => void {
      changeRuns(() => void (ratePerSecond !== undefined && ratesOfRuns.set(runId, ratePerSecond)));
      return () => changeRuns(() => void ratesOfRuns.delete(runId));
    },
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

/** The lowest of the rates that its runs were given, no higher than its own if that was given; runs without one leave it to the process. */
function rateWithRuns(
  { ratePerSecond, isCeiling }: Pick<OwnRateOptions, 'ratePerSecond' | 'isCeiling'>,
  ratesOfRuns: Iterable<number>,
): number {
  const ofRuns = Math.min(...ratesOfRuns);
  if (ofRuns === Number.POSITIVE_INFINITY) return ratePerSecond;
  return isCeiling ? Math.min(ofRuns, ratePerSecond) : ofRuns;
}
