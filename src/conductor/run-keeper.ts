import { readWorkerRegistrations } from '../queue/presence.ts';
import type { PresenceStore } from '../queue/queue.ts';
import type { Canary } from '../records/canary.ts';
import { moneyOf } from '../records/money.ts';
import type { Parts } from '../records/report/report-parts.ts';
import { type Eta, type RunRecord, writeRunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { RunProgress } from './conducting.ts';
import type { ManifestProgress } from './manifest-progress.ts';

/** Keeps `run.json` true while a conductor holds the run. */
export interface RunKeeper {
  progress(): RunProgress;
  /** From now on this is the run, and is written soon. */
  replace(record: RunRecord): void;
  /** What its processes have claimed of its money. */
  noteClaimed(claimed: string): void;
  save(state: RunRecord['state'], waitsFor?: string): Promise<void>;
  /** For an active run, to be called every second: writes what changed, and at least every 5 s that it is conducted. */
  saveNowAndThen(waitsFor?: string): Promise<void>;
}

const longestSilenceInMs = 5_000;

export function createRunKeeper(options: {
  state: StateStore;
  record: RunRecord;
  parts: Parts;
  manifest: ManifestProgress;
  workers: { read(): number };
  /** Its canary as it is now. */
  canary: () => Canary | undefined;
}): RunKeeper {
  const { state, parts, manifest, workers } = options;
  let record = keptOf(options.record);
  const pace = createPaceMeter();
  let savedAt = Number.NEGATIVE_INFINITY;
  let savedCounts = '';
  let { claimed } = record.counts;
  const countsNow = () => ({
    listed: manifest.end.count,
    done: parts.covered.count,
    deadLetters: parts.tally.deadLetters,
    calls: parts.tally.calls,
    identifications: parts.tally.identifications,
    saved: parts.tally.saved,
    callStatistics: parts.tally.callStatistics,
    ...(claimed !== undefined && { claimed }),
  });
  const save: RunKeeper['save'] = async (to, waitsFor) => {
    const counts = countsNow();
    [savedAt, savedCounts] = [performance.now(), JSON.stringify(counts)];
    const left = counts.listed - counts.done;
    await writeRunRecord(state, {
      ...record,
      state: to,
      ...(to === 'active' && { outlook: pace.read({ left, workers: workers.read() }) }),
      ...(waitsFor !== undefined && { waitsFor }),
      ...(manifest.end.listed && { listed: manifest.end.listed }),
      ...withCanary(options.canary()),
      counts,
    });
  };
  return {
    progress: () => ({
      listed: manifest.end.count,
      listingEnded: manifest.end.listed !== undefined,
      done: parts.covered.count,
      deadLetters: parts.tally.deadLetters,
      retries: parts.tally.retries,
      calls: parts.tally.calls,
      byStatus: { ...parts.tally.byStatus },
      byCode: { ...parts.tally.byCode },
      money: moneyOf({
        settings: record.settings,
        counts: countsNow(),
        isListed: manifest.end.listed !== undefined,
      }),
      ...withCanary(options.canary()),
    }),
    noteClaimed(now) {
      claimed = now;
    },
    replace(changed) {
      record = keptOf(changed);
      savedAt = Number.NEGATIVE_INFINITY;
    },
    save,
    async saveNowAndThen(waitsFor) {
      pace.note({ at: performance.now(), ...countsNow() });
      const silence = performance.now() - savedAt;
      const isChanged = JSON.stringify(countsNow()) !== savedCounts;
      // Where every write costs, counts can wait.
      if (silence >= longestSilenceInMs || (isChanged && state.writeEveryInMs === 0))
        await save('active', waitsFor);
    },
  };
}

const withCanary = (canary: Canary | undefined) => canary && { canary };

/** What else there is in `run.json` is known here. */
function keptOf({ waitsFor: _before, outlook: _outlook, listed: _listed, ...record }: RunRecord) {
  return record;
}

const askEveryInMs = 5_000;

/** How many processes take part in a run, as they said last. Nobody waits for the store. */
export function createWorkerCount(presence: PresenceStore, runId: string): { read(): number } {
  let count = 1;
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  const ask = async () => {
    const workers = await readWorkerRegistrations(presence);
    count = Math.max(1, workers.filter(({ runs }) => runs.includes(runId)).length);
  };
  return {
    /** At least one: who asks. */
    read() {
      if (!isAsking && performance.now() - askedAt > askEveryInMs) {
        isAsking = true;
        askedAt = performance.now();
        ask()
          .catch(() => undefined)
          .finally(() => {
            isAsking = false;
          });
      }
      return count;
    },
  };
}

const rememberedInMs = 60_000;

interface Sample {
  readonly at: number;
  readonly calls: number;
  readonly done: number;
}

/** Told how far the run is now and then, it knows its pace. `at` is `performance.now()`. */
function createPaceMeter(): {
  note(sample: Sample): void;
  read(options: { left: number; workers: number }): Eta;
} {
  const samples: Sample[] = [];
  return {
    note(sample) {
      samples.push(sample);
      while (samples.length > 2 && sample.at - (samples[0]?.at ?? 0) > rememberedInMs) samples.shift();
    },
    read({ left, workers }) {
      const [first, last] = [samples[0], samples.at(-1)];
      const seconds = first && last ? (last.at - first.at) / 1000 : 0;
      const perSecond = (key: 'calls' | 'done') =>
        first && last && seconds > 0 ? Number(((last[key] - first[key]) / seconds).toFixed(2)) : 0;
      const photosPerSecond = perSecond('done');
      return {
        callsPerSecond: perSecond('calls'),
        photosPerSecond,
        ...(photosPerSecond > 0 && { leftInMs: Math.round((left / photosPerSecond) * 1000) }),
        workers,
      };
    },
  };
}
