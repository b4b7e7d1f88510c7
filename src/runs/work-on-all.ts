import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd } from '../conductor/conducting.ts';
import { readControl } from '../records/run-control.ts';
import { listRunRecords, type RunRecord } from '../records/run-record.ts';
import { FaultError } from '../util/errors.ts';
import { whyFilesAreMissing } from './files-on.ts';
import { joinRun } from './join-run.ts';
import type { Rollcall } from './open-rollcall.ts';
import { placeOf, refuseOtherState, runsOfOtherStates } from './other-state.ts';
import { reopenSource } from './run-source.ts';

const lookEveryInMs = 1_000;
const lookAtOthersEveryInMs = 5_000;

/**
 * Works on all runs that this state shows and this process's credentials fit, until the signal asks to drain. A fault
 * of one run is logged and leaves the others alone; that run is tried again later.
 */
export async function workOnAll(
  rollcall: Rollcall,
  {
    signal,
    onRun,
    onLook = () => {},
  }: {
    signal: AbortSignal;
    onRun: (event: RunEvent) => void;
    /** Told of every look for runs: a sign of life. */
    onLook?: () => void;
  },
): Promise<void> {
  const parts = new Map<string, Promise<void>>();
  const strangers = new Set<string>();
  const strangersOfState = createStateWatch(rollcall);
  await refuseOtherState(rollcall, (record) => isToBeWorkedOn(rollcall, record));
  await rollcall.registration();
  while (!signal.aborted) {
    for (const record of await runsToWorkOn(rollcall)) {
      if (parts.has(record.id) || strangers.has(record.id)) continue;
      const missing = whyFilesAreMissing(record, rollcall.settings);
      if (missing !== undefined) {
        strangers.add(record.id);
        rollcall.log.warn({ run: record.id }, missing);
        continue;
      }
      const opened = rollcall.engineOf({ ...record, keepDemographics: record.settings.keepDemographics });
      if (!opened) {
        strangers.add(record.id);
        rollcall.log.warn(
          { run: record.id },
          'the run belongs to another account than the credentials of this worker',
        );
        continue;
      }
      onRun({ kind: 'joined', runId: record.id });
      const part = joinRun(rollcall, {
        record,
        opened,
        openSource: (run) => reopenSource(rollcall, run),
        signal,
      })
        .then((end) => onRun({ kind: 'ended', runId: record.id, end }))
        .catch(async (error: Error) => {
          onRun({ kind: 'fault', runId: record.id, error });
          await delay(10 * lookEveryInMs, undefined, { signal }).catch(() => {});
        })
        .finally(() => parts.delete(record.id));
      parts.set(record.id, part);
    }
    onLook();
    await strangersOfState.look();
    // On S3 each look is a request.
    await delay(Math.max(lookEveryInMs, 5 * rollcall.state.writeEveryInMs), undefined, { signal }).catch(
      () => {},
    );
  }
  await Promise.all(parts.values());
}

export type RunEvent =
  | { readonly kind: 'joined'; readonly runId: string }
  | { readonly kind: 'ended'; readonly runId: string; readonly end: RunEnd }
  | { readonly kind: 'fault'; readonly runId: string; readonly error: Error };

/** Warns once of each run that is enqueued with another state while this worker waits. */
function createStateWatch(rollcall: Rollcall) {
  const told = new Set<string>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async look(): Promise<void> {
      if (performance.now() - lookedAt < lookAtOthersEveryInMs) return;
      lookedAt = performance.now();
      for (const notice of await runsOfOtherStates(rollcall).catch(() => [])) {
        if (told.has(notice.run)) continue;
        told.add(notice.run);
        rollcall.log.warn(
          { run: notice.run },
          `the run is in ${placeOf(notice)}, which this worker does not see: --state (ROLLCALL_STATE) is ${rollcall.state.address} here`,
        );
      }
    },
  };
}

/** None while the state does not answer: a worker outlasts that, and looks again. */
async function runsToWorkOn(rollcall: Rollcall): Promise<RunRecord[]> {
  try {
    const found: RunRecord[] = [];
    for (const record of await listRunRecords(rollcall.state))
      if (await isToBeWorkedOn(rollcall, record)) found.push(record);
    return found;
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    rollcall.log.warn({ reason: error.message }, 'the state cannot be read; trying again');
    return [];
  }
}

/** A paused run is worked on again once somebody asked for it after the pause. */
async function isToBeWorkedOn({ state }: Rollcall, record: RunRecord): Promise<boolean> {
  if (record.state === 'active') return true;
  if (record.state !== 'paused') return false;
  const { wanted, at } = await readControl(state, record.id);
  return (wanted === 'run' && at > record.updatedAt) || wanted === 'cancel';
}
