import { setTimeout as delay } from 'node:timers/promises';
import { accountSummary } from '../account/account-summary.ts';
import { readControl } from '../records/run-control.ts';
import { plural } from '../util/plural.ts';
import type { ConductOptions } from './conducting.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { HeldRun } from './take-run.ts';

const watchEveryInMs = 1_000;

/** Looks every second whether the run has to stop, keeps `run.json` true, and reports the progress. */
export async function watchRun(
  run: HeldRun,
  options: Pick<ConductOptions, 'state' | 'backend' | 'onProgress'> & { keeper: RunKeeper },
): Promise<void> {
  const { lease, stop } = run;
  const { keeper, onProgress } = options;
  while (!stop.signal.aborted) {
    await delay(watchEveryInMs, undefined, { signal: stop.signal });
    const waitsFor = await stopIfAsked(run, options);
    if (lease.isFresh()) await keeper.saveNowAndThen(waitsFor);
    onProgress(keeper.progress());
  }
}

/**
 * Stops the run where a person, the budget of calls, or the account says so.
 * @returns what its account waits for where it goes on
 */
export async function stopIfAsked(
  { record, stop, parts, retry }: Pick<HeldRun, 'record' | 'stop' | 'parts' | 'retry'>,
  { state, backend }: Pick<ConductOptions, 'state' | 'backend'>,
): Promise<string | undefined> {
  const { maxCalls } = record.settings;
  // Before anything is looked at.
  const foundAt = new Date().toISOString();
  const pause = (waitsFor: string) => {
    stop.end({ kind: 'paused', waitsFor, foundAt });
    return undefined;
  };
  const { wanted } = await readControl(state, record.id);
  if (wanted === 'cancel') {
    stop.end({ kind: 'cancelled' });
    return undefined;
  }
  if (wanted === 'pause') return pause(`it was paused by hand. To go on: rollcall resume ${record.id}`);
  if (maxCalls !== undefined) {
    // A store that was wiped learns from the report what was taken.
    const taken = await retry(() => backend.callBudget.raise(record.id, parts.tally.calls));
    if (taken >= maxCalls)
      return pause(
        `the budget of ${plural(maxCalls, 'call')} (--max-calls) is used up. To go on: the same command with more --max-calls`,
      );
  }
  const account = await retry(() => backend.accounts.read(record.account));
  if (account.state.pause) return pause(account.state.pause.message);
  return accountSummary(account.state, account.now).message;
}
