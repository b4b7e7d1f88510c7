import type { Parts } from '../report/parts.ts';
import type { StateStore } from '../state/state-store.ts';
import type { RunProgress } from './conductor.ts';
import type { ManifestProgress } from './manifest-progress.ts';
import { type RunRecord, writeRunRecord } from './run-record.ts';

/** Keeps `run.json` true while a conductor holds the run. */
export interface RunKeeper {
  progress(): RunProgress;
  save(state: RunRecord['state'], waitsFor?: string): Promise<void>;
}

export function createRunKeeper(options: {
  state: StateStore;
  record: RunRecord;
  parts: Parts;
  manifest: ManifestProgress;
}): RunKeeper {
  const { state, parts, manifest } = options;
  const { waitsFor: _before, listed: _listed, ...record } = options.record;
  return {
    progress: () => ({
      listed: manifest.end.count,
      listingEnded: manifest.end.listed !== undefined,
      done: parts.covered.count,
      deadLetters: parts.tally.deadLetters,
      retries: parts.tally.retries,
    }),
    save: (to, waitsFor) =>
      writeRunRecord(state, {
        ...record,
        state: to,
        ...(waitsFor !== undefined && { waitsFor }),
        ...(manifest.end.listed && { listed: manifest.end.listed }),
        counts: {
          listed: manifest.end.count,
          done: parts.covered.count,
          deadLetters: parts.tally.deadLetters,
          calls: parts.tally.calls,
        },
      }),
  };
}
