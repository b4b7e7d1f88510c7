import type { StateStore } from '../storage/state/state-store.ts';
import { createForgottenSubjects } from './forgotten-subjects.ts';

/** What the ledger does not hold any more, as of when this was opened. */
export interface ErasedSubjects {
  /** Whether the account's forget list names the subject, erased yet or not. */
  isForgotten(subjectId: string): boolean;
  /** Whether what was known of a subject at a time (ISO) holds no more, since its templates were deleted. */
  isVoid(event: { readonly subjectId: string; readonly at: string }): boolean;
}

export async function openErasedSubjects(state: StateStore, account: string): Promise<ErasedSubjects> {
  const subjects = createForgottenSubjects({ state, account, erasures: true });
  await subjects.refresh();
  return {
    isForgotten: subjects.isForgotten,
    isVoid({ subjectId, at }) {
      const found = subjects.find(subjectId);
      if (!found || found.erasedAt === 0) return false;
      // While nobody enrolls the subject, later times are those of another machine's clock.
      if (!found.isAllowed && found.erasedAt >= found.since) return true;
      return Date.parse(at) <= found.erasedAt;
    },
  };
}
