import type { ReportLine } from '../records/report/report-line.ts';
import type { FailureThreshold } from '../settings/value-types.ts';

/** Photos that end in one way because of how the run was set up, not because of what is on them. */
export interface SetUpProblem {
  readonly kind: SetUpKind;
  readonly photos: number;
  /** Among so many of the list. */
  readonly of: number;
  /** What the latest of them says. */
  readonly message: string;
}

export type SetUpKind = 'collision' | 'manifest' | 'photo';

export interface SetUpWatch {
  /** What is wrong with the set-up, once; undefined: nothing, or not yet. */
  add(lines: readonly ReportLine[]): SetUpProblem | undefined;
}

const photosNeeded = 100;
/** As many photos that come to nothing in the same way are a fault of the list or its settings, not of photos. */
export const shareNeeded = 0.9;
const photosLookedAt = 1_000;

/**
 * Says when the first photos of a list nearly all fail for one reason of the set-up: 100 of them and 90 % of the list as far
 * as it was come to. What counts is the place in the list, since what needs no call has its outcome before what does. A run
 * that is gone on with has been looked at by whoever did that: `linesBefore` are those that it had.
 */
export function createSetUpWatch({
  threshold,
  linesBefore,
}: {
  threshold: FailureThreshold;
  linesBefore: number;
}): SetUpWatch {
  const isOver = linesBefore >= photosNeeded || toleratesMore(threshold);
  const counts: Record<SetUpKind, number> = { collision: 0, manifest: 0, photo: 0 };
  let furthest = 0;
  let isFound = isOver;
  function take({ seq, error }: ReportLine): SetUpProblem | undefined {
    furthest = Math.max(furthest, seq);
    if (furthest > photosLookedAt || error === undefined || !isOfSetUp(error.kind)) return undefined;
    counts[error.kind] += 1;
    const photos = counts[error.kind];
    if (photos < photosNeeded || photos < shareNeeded * furthest) return undefined;
    return { kind: error.kind, photos, of: furthest, message: error.message };
  }
  return {
    add(lines) {
      for (const line of lines) {
        const found = isFound ? undefined : take(line);
        if (!found) continue;
        isFound = true;
        return found;
      }
      return undefined;
    },
  };
}

const isOfSetUp = (kind: string): kind is SetUpKind =>
  kind === 'collision' || kind === 'manifest' || kind === 'photo';

/** Whoever asks for more dead letters than that is given them. */
const toleratesMore = (threshold: FailureThreshold) =>
  'count' in threshold ? threshold.count > photosNeeded : threshold.share >= 1;
