import { type Canary, judgeCanary } from '../../records/canary.ts';
import type { CanarySample } from '../../records/canary-sample.ts';
import { emptyTally } from '../../records/report/report-tally.ts';
import type { HeldRun } from '../take-run.ts';

/** The canary of a run, as the lines that there are say it. */
export interface CanaryWatch {
  /** Undefined: the run has none. */
  now(): Canary | undefined;
  /** Whether its photos, and no others, are fed. */
  readonly isAhead: boolean;
  /** From now on these are its photos. */
  begin(sample: CanarySample): void;
}

/**
 * As long as it is not accepted only its own photos get lines, or lines that say `cancelled`: so it is judged by the tally of
 * all. From then on `run.json` has it.
 */
export function createCanaryWatch(run: Pick<HeldRun, 'record' | 'parts'>): CanaryWatch {
  let drawn: Pick<Canary, 'photos' | 'of' | 'folders'> | undefined;
  function now(): Canary | undefined {
    const { canary: asked, canaryAccept: accept } = run.record.settings;
    const { canary: known } = run.record;
    if (asked === undefined || known?.state === 'accepted') return known;
    if (drawn) return judgeCanary({ asked, sample: drawn, tally: run.parts.tally, accept });
    if (known) return known;
    const { acceptedBy: _, ...nothing } = judgeCanary({
      ...{ asked, accept, tally: emptyTally() },
      sample: { photos: 0, of: 0, folders: 0 },
    });
    return { ...nothing, state: 'listing' };
  }
  return {
    now,
    get isAhead() {
      return run.record.settings.canary !== undefined && run.record.canary?.state !== 'accepted';
    },
    begin({ seqs, of, folders }) {
      drawn = { photos: seqs.length, of, folders };
    },
  };
}
