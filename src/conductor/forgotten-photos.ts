import { templateIdOf } from '../engines/registry.ts';
import { createForgottenSubjects, type ForgottenOptions } from '../ledger/forgotten-subjects.ts';
import { entriesAreKnownAfterInMs } from '../ledger/forgotten-watch.ts';
import { refusedOutcomes } from '../ledger/refused-outcomes.ts';
import type { ManifestLine } from '../records/manifest.ts';
import type { Outcome } from '../records/report/report-line.ts';
import { subjectKey } from '../util/subject-id.ts';

/**
 * Which photos of a list are of forgotten subjects: they need no job. Workers look again right before a call; this
 * spares them the photos of all who were forgotten before.
 */
export interface ForgottenPhotos {
  /** To be awaited now and then: reads the list again where that was some seconds ago. */
  lookAgain(): Promise<void>;
  /** Undefined where neither the photo's subject is forgotten nor its template id was erased for another one. */
  outcomeOf(line: Pick<ManifestLine, 'subjectId' | 'templateId'>): Omit<Outcome, 'finishedAt'> | undefined;
}

export function openForgottenPhotos(
  options: ForgottenOptions & {
    /** Subjects besides those that are written down anywhere. */
    readonly alsoForgotten?: Iterable<string>;
  },
): ForgottenPhotos {
  const others = new Set([...(options.alsoForgotten ?? [])].map(subjectKey));
  const subjects = createForgottenSubjects(options);
  const oldestInMs = entriesAreKnownAfterInMs(options.state);
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async lookAgain() {
      if (performance.now() - lookedAt <= oldestInMs) return;
      const askedAt = performance.now();
      await subjects.refresh();
      lookedAt = askedAt;
    },
    outcomeOf({ subjectId, templateId }) {
      if (subjectId === undefined) return undefined;
      if (!subjects.isForgotten(subjectId) && !others.has(subjectKey(subjectId))) {
        if (!subjects.isAnyErased()) return undefined;
        const id = templateId ?? templateIdOf({ engine: options.engine, subjectId });
        const isErased = subjects.isErased({ subjectId, templateId: id });
        return isErased ? { ...refusedOutcomes['template-erased'], stored: 'no' } : undefined;
      }
      // What the engine holds is known only where its templates were deleted since.
      const { since = 0, erasedAt = 0 } = subjects.find(subjectId) ?? {};
      return {
        ...refusedOutcomes.forgotten,
        ...(since > 0 && erasedAt >= since && { stored: 'no' }),
      };
    },
  };
}
