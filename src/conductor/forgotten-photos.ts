import { createForgottenSubjects } from '../ledger/forgotten-subjects.ts';
import { entriesAreKnownAfterInMs } from '../ledger/forgotten-watch.ts';
import type { ManifestLine } from '../records/manifest.ts';
import type { Outcome } from '../records/report-line.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { subjectKey } from '../util/subject-id.ts';

/**
 * Which photos of a list are of forgotten subjects: they need no job. Workers look again right before a call; this
 * spares them the photos of all who were forgotten before.
 */
export interface ForgottenPhotos {
  /** To be awaited now and then: reads the list again where that was some seconds ago. */
  lookAgain(): Promise<void>;
  /** Undefined where the photo's subject is not forgotten. */
  outcomeOf(line: Pick<ManifestLine, 'subjectId'>): Omit<Outcome, 'finishedAt'> | undefined;
}

export function openForgottenPhotos(options: {
  state: StateStore;
  account: string;
  /** Also whom this run is not to enroll. */
  runId?: string;
  /** Subjects besides those that are written down anywhere. */
  alsoForgotten?: Iterable<string>;
}): ForgottenPhotos {
  const others = new Set([...(options.alsoForgotten ?? [])].map(subjectKey));
  const subjects = createForgottenSubjects({ ...options, erasures: true });
  const oldestInMs = entriesAreKnownAfterInMs(options.state);
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async lookAgain() {
      if (performance.now() - lookedAt <= oldestInMs) return;
      const askedAt = performance.now();
      await subjects.refresh();
      lookedAt = askedAt;
    },
    outcomeOf({ subjectId }) {
      if (subjectId === undefined) return undefined;
      if (!subjects.isForgotten(subjectId) && !others.has(subjectKey(subjectId))) return undefined;
      // What the engine holds is known only where its templates were deleted since.
      const { since = 0, erasedAt = 0 } = subjects.find(subjectId) ?? {};
      return {
        status: 'skipped',
        reason: 'forgotten',
        ...(since > 0 && erasedAt >= since && { stored: 'no' }),
      };
    },
  };
}
