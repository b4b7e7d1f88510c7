import type { Decision } from '../conductor/decide.ts';
import { type CaseOnly, createCaseTally } from '../sources/id-remarks.ts';
import type { ListedPhoto } from '../sources/source.ts';
import { createRepeatTally } from '../util/repeat-tally.ts';
import { subjectKey } from '../util/subject-id.ts';

/** What is odd about the ids of a list. */
export interface IdRemarks {
  readonly mostRepeated?: ReturnType<ReturnType<typeof createRepeatTally>['most']>;
  readonly caseOnly?: CaseOnly | undefined;
  /** Photos by the warnings that the list gives them. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** Tells of a list's ids while it is listed. */
export function createIdTally() {
  const repeats = createRepeatTally();
  const cases = createCaseTally();
  const warnings: Record<string, number> = {};
  const forgotten = new Set<string>();
  return {
    /** Subjects that are listed and forgotten. */
    forgotten,
    add(listed: ListedPhoto, seq: number, decision: Decision | { readonly kind: 'skip' }): void {
      cases.add(listed, seq);
      for (const warning of listed.warnings ?? []) warnings[warning] = (warnings[warning] ?? 0) + 1;
      const reason = decision.kind === 'settle' ? decision.outcome.reason : undefined;
      const subject = subjectKey(listed.subjectId ?? '');
      if (reason === 'repeated') repeats.add(subject, seq);
      if (reason === 'forgotten') forgotten.add(subject);
    },
    remarks: (): IdRemarks => ({ mostRepeated: repeats.most(), caseOnly: cases.found(), warnings }),
  };
}
