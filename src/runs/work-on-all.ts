import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd } from '../conductor/conducting.ts';
import { readControl } from '../records/run-control.ts';
import { listReadableRuns, type RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError, UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { createBell } from './bell.ts';
import { whyFilesAreMissing } from './files-on.ts';
import { joinRun, type StartedRun, type WorkTools } from './join-run.ts';
import type { Rollcall } from './open-rollcall.ts';
import { placeOf, runsOfOtherStates, withdrawLeftRuns } from './other-state.ts';
import { reopenSource } from './run-source.ts';

const lookEveryInMs = 1_000;
const lookAtOthersEveryInMs = 5_000;

/** What a worker works on all runs with. */
type WorkerTools = WorkTools & Pick<Rollcall, 'engineOf'>;

/**
 * Works on all runs that this state shows and this process's credentials fit, until the signal asks to drain. A fault
 * of one run is logged and leaves the others alone; that run is tried again later.
 */
export async function workOnAll(
  rollcall: WorkerTools,
  {
    signal,
    onRun,
    onLook = () => {},
  }: {
    signal: AbortSignal;
    onRun: (event: RunEvent) => void;
    /** Called with every look for runs: a sign of life. */
    onLook?: () => void;
  },
): Promise<void> {
  const { state } = rollcall;
  const joined = new Map<string, Promise<void>>();
  const openStart = createStarter(rollcall);
  const watch = createStateWatch(rollcall);
  const findRuns = createRunFinder(rollcall);
  await withdrawLeftRuns(rollcall, (record) => isToBeWorkedOn(state, record));
  await rollcall.registration();
  const join = async (started: StartedRun) => {
    const { id: runId } = started.record;
    onRun({ kind: 'joined', runId });
    try {
      onRun({ kind: 'ended', runId, end: await joinRun(rollcall, { ...started, signal }) });
    } catch (error) {
      onRun({ kind: 'fault', runId, error: error as Error });
      await delay(10 * lookEveryInMs, undefined, { signal }).catch(() => {});
    } finally {
      joined.delete(runId);
    }
  };
  const bell = createBell(signal);
  const endWatch = (await rollcall.queue()).presence.watchRuns(bell.ring);
  try {
    while (!signal.aborted) {
      const lookedAt = performance.now();
      for (const record of await findRuns()) {
        const started = joined.has(record.id) ? undefined : openStart(record);
        if (started) joined.set(record.id, join(started));
      }
      onLook();
      await watch.look();
      // However many are enqueued, half of the time goes to the runs that there are.
      await delay(performance.now() - lookedAt, undefined, { signal }).catch(() => {});
      // On S3 each look is a request.
      await bell.pause(Math.max(lookEveryInMs, 5 * state.writeEveryInMs));
    }
  } finally {
    await endWatch();
  }
  await Promise.all(joined.values());
}

/**
 * What a run needs here; undefined where it can do nothing on it, of which it warns once. Credentials that are missing are
 * looked for again: a file of them may come.
 */
function createStarter(rollcall: WorkerTools) {
  const { settings, log, engineOf } = rollcall;
  const strangers = new Set<string>();
  const warned = new Set<string>();
  const open = (run: string, wanted: Parameters<typeof engineOf>[0]) => {
    try {
      return engineOf(wanted);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (!warned.has(run)) log.warn({ run }, `this worker cannot work on the run: ${error.message}`);
      warned.add(run);
      return 'not-now';
    }
  };
  return (record: RunRecord): StartedRun | undefined => {
    const { id: run } = record;
    if (strangers.has(run)) return undefined;
    const { keepDemographics } = record.settings;
    const missing = whyFilesAreMissing(record, settings);
    const opened = missing === undefined ? open(run, { ...record, keepDemographics }) : undefined;
    if (opened === 'not-now') return undefined;
    if (opened) return { record, opened, openSource: (found) => reopenSource(rollcall, found) };
    strangers.add(run);
    log.warn({ run }, missing ?? 'the run belongs to another account than the credentials of this worker');
    return undefined;
  };
}

export type RunEvent =
  | { readonly kind: 'joined'; readonly runId: string }
  | { readonly kind: 'ended'; readonly runId: string; readonly end: RunEnd }
  | { readonly kind: 'fault'; readonly runId: string; readonly error: Error };

/** Warns once of each other state that has runs for this worker's account: it would wait for ever beside them. */
function createStateWatch(rollcall: Pick<Rollcall, 'state' | 'queue' | 'engineOf' | 'log'>) {
  const { state, log } = rollcall;
  const warned = new Set<string>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async look(): Promise<void> {
      if (performance.now() - lookedAt < lookAtOthersEveryInMs) return;
      lookedAt = performance.now();
      const runs = await runsOfOtherStates(rollcall).catch(() => []);
      for (const first of runs) {
        if (warned.has(first.stateId)) continue;
        warned.add(first.stateId);
        const { length } = runs.filter(({ stateId }) => stateId === first.stateId);
        log.warn(
          { run: first.run },
          `the queue has ${plural(length, 'run')} in ${placeOf(first)}, which this worker does not see: its state is ` +
            `${state.address}. If they are meant for it, set --state (ROLLCALL_STATE) to an s3:// address or a folder that ` +
            'both machines see; if not, give it a queue of its own (--queue, ROLLCALL_QUEUE).',
        );
      }
    },
  };
}

/**
 * Finds the runs to be worked on. None while the state does not answer: a worker outlasts that, and looks again. One that
 * cannot be read is passed over, of which it warns once.
 */
function createRunFinder({ state, log }: Pick<Rollcall, 'state' | 'log'>): () => Promise<RunRecord[]> {
  let warned = new Set<string>();
  const find = async () => {
    const { records, unreadable } = await listReadableRuns(state);
    const faults = new Map(unreadable.map(({ id, fault }) => [id, fault]));
    const found: RunRecord[] = [];
    for (const record of records) {
      const isWanted = await isToBeWorkedOn(state, record).catch((fault) => {
        if (!(fault instanceof FaultError)) throw fault;
        faults.set(record.id, fault);
        return false;
      });
      if (isWanted) found.push(record);
    }
    for (const [run, { message }] of faults)
      if (!warned.has(run)) log.warn({ run, reason: message }, 'the run cannot be read and is passed over');
    warned = new Set(faults.keys());
    return found;
  };
  return () =>
    find().catch((error) => {
      if (!(error instanceof FaultError)) throw error;
      log.warn({ reason: error.message }, 'the state cannot be read; trying again');
      return [];
    });
}

/** A paused run is worked on again once somebody asked for it after the pause. */
async function isToBeWorkedOn(state: StateStore, record: RunRecord): Promise<boolean> {
  if (record.state === 'active') return true;
  if (record.state !== 'paused') return false;
  const { wanted, at } = await readControl(state, record.id);
  return (wanted === 'run' && at > record.updatedAt) || wanted === 'cancel';
}
