import { setTimeout as delay } from 'node:timers/promises';
import { accountSummary } from '../account/account-summary.ts';
import { readChangedRun } from '../records/run-changes.ts';
import { readControl } from '../records/run-control.ts';
import type { PauseCause, RunHappening } from '../records/run-events.ts';
import { type RunRecord, readRunRecord, runFolderOf } from '../records/run-record.ts';
import { coreSettings } from '../settings/core-settings.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import type { ConductOptions } from './conducting.ts';
import type { PhotoFlow } from './photo-flow.ts';
import type { RunKeeper } from './run-keeper.ts';
import { pauseIfSpent } from './spent-budget.ts';
import type { HeldRun } from './take-run.ts';

const watchEveryInMs = 1_000;

/** Looks every second whether the run has to stop, keeps `run.json` true, and reports the progress. */
export async function watchRun(
  run: HeldRun,
  options: Pick<ConductOptions, 'state' | 'backend' | 'onProgress'> & Adapted,
): Promise<void> {
  const { lease, stop } = run;
  const { state, keeper, onProgress } = options;
  // On S3 each look is a request.
  const lookEvery = state.kind === 'local' ? 1 : 5;
  for (let turn = 1; !stop.signal.aborted; turn += 1) {
    await delay(watchEveryInMs, undefined, { signal: stop.signal });
    // Before anything is written, which would make the folder anew.
    if (turn % lookEvery === 0) {
      await assertRunIsThere(state, run.record.id);
      // Who raises the budget from here on is not overruled.
      const foundAt = new Date().toISOString();
      await takeChanges(run, options);
      await pauseIfSpent(run, keeper, foundAt);
    }
    const waitsFor = await stopIfAsked(run, options);
    if (lease.isFresh()) await keeper.saveNowAndThen(waitsFor);
    onProgress(keeper.progress());
  }
}

/** What a run's settings work on. */
type Adapted = Pick<ConductOptions, 'state' | 'windowOf'> & {
  readonly keeper: RunKeeper;
  readonly flow: Pick<PhotoFlow, 'adapt'>;
};

/** What was asked for with `rollcall set`, or by the API. */
export async function takeChanges(run: HeldRun, { state, keeper, flow, windowOf }: Adapted): Promise<void> {
  const changed = await readChangedRun(state, run.record);
  if (changed === run.record) return;
  const change = changeOf(run.record, changed);
  if (change) run.events.note(change);
  run.record = changed;
  keeper.replace(changed);
  flow.adapt(changed, windowOf?.(changed));
}

/** Of the settings that can be changed those that are others now. */
function changeOf(before: RunRecord, after: RunRecord): RunHappening | undefined {
  const { rate, stopAfterFailures, canaryAccept, budget } = after.settings;
  const { canaryAccept: rules } = coreSettings;
  const accept = canaryAccept && rules.type.write(canaryAccept);
  const acceptBefore = before.settings.canaryAccept && rules.type.write(before.settings.canaryAccept);
  const write = coreSettings.stopAfterFailures.type.write;
  const threshold = write(stopAfterFailures);
  const change = {
    ...(rate !== before.settings.rate && { rate }),
    ...(after.concurrency !== before.concurrency && { concurrency: after.concurrency }),
    ...(budget !== before.settings.budget && budget !== undefined && { budget }),
    ...(threshold !== write(before.settings.stopAfterFailures) && { stopAfterFailures: threshold }),
    ...(accept !== undefined && accept !== acceptBefore && { canaryAccept: accept }),
  };
  return Object.keys(change).length === 0 ? undefined : { kind: 'changed', ...change };
}

/** @throws FaultError where the run's folder was removed behind its conductor's back */
async function assertRunIsThere(state: StateStore, runId: string): Promise<void> {
  if (await readRunRecord(state, runId)) return;
  throw new FaultError(
    'state',
    `The folder of run ${runId} is gone: ${state.locate(runFolderOf(runId))} (--state) was removed or unmounted while the run worked on it. What it had enrolled is at the engine. Put the folder back and start the same command again: the run goes on where it stopped. Without it, the same command starts another run, which enrolls all photos again under the same template ids.`,
  );
}

/**
 * Stops the run where a person, the budget of calls, or the account says so.
 * @returns what its account waits for where it goes on
 */
export async function stopIfAsked(
  { record, stop, events, parts, retry }: Pick<HeldRun, 'record' | 'stop' | 'events' | 'parts' | 'retry'>,
  { state, backend }: Pick<ConductOptions, 'state' | 'backend'>,
): Promise<string | undefined> {
  const { maxCalls } = record.settings;
  // Before anything is looked at.
  const foundAt = new Date().toISOString();
  const pause = (cause: PauseCause, waitsFor: string) => {
    stop.end({ kind: 'paused', cause, waitsFor, foundAt });
    return undefined;
  };
  const { wanted, reason } = await readControl(state, record.id);
  if (wanted === 'cancel') {
    stop.end({ kind: 'cancelled' });
    return undefined;
  }
  if (wanted === 'pause')
    return reason === undefined
      ? pause('by-hand', `it was paused by hand. To go on: rollcall resume ${record.id}`)
      : pause('source', reason);
  if (maxCalls !== undefined) {
    // A store that was wiped learns from the report what was taken.
    const taken = await retry(() => backend.callBudget.raise(record.id, parts.tally.calls));
    if (taken >= maxCalls)
      return pause(
        'budget',
        `the budget of ${plural(maxCalls, 'call')} (--max-calls) is used up. To go on: the same command with more --max-calls`,
      );
  }
  const account = await retry(() => backend.accounts.read(record.account));
  events.noteAccount(account);
  const { pause: accountPause } = account.state;
  if (accountPause) return pause(`account-${accountPause.reason}`, accountPause.message);
  return accountSummary(account.state, account.now).message;
}
