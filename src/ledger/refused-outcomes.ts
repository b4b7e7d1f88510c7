import type { Outcome } from '../records/report/report-line.ts';
import type { Refusal } from './forgotten-watch.ts';

/** What becomes of a photo that must not be enrolled. */
export const refusedOutcomes: Readonly<
  Record<Refusal, Pick<Outcome, 'status'> & Partial<Omit<Outcome, 'finishedAt'>>>
> = {
  forgotten: { status: 'skipped', reason: 'forgotten' },
  // Not skipped in silence: it may be another person, who would be missing.
  'template-erased': {
    status: 'failed',
    error: {
      kind: 'collision',
      message:
        'its template id was erased for another subject, which asked to be forgotten. If this is another person, give the row another template id',
    },
  },
};
