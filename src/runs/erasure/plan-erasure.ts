import { createForgetReader } from '../../ledger/forget-reader.ts';
import { createForgottenSubjects, type ForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

/** What is to be done for the subjects that a command names. */
export interface ErasurePlan {
  /** Not on the list, or erased by an earlier command that came to its end: they get an entry. */
  readonly toList: readonly string[];
  /** On the list, but not known to be erased at this account: an earlier command stopped before, or was for another. */
  readonly pending: readonly string[];
  /** Erased by the command that this one goes on with. */
  readonly done: readonly string[];
  /** Erased at this account by any earlier command: nothing is known of them any more. */
  readonly erasedEver: ReadonlySet<string>;
  /** Milliseconds since 1970; later than every entry about these subjects. */
  readonly newerThan: number;
  /** When the latest of the pending was listed. */
  readonly listedAt: number;
}

/**
 * Tells a command that was stopped, and is started again, from a new one about the same subjects: entries of one file
 * were written by one command, which is not at its end while one of them is not erased.
 */
export async function planErasure(
  state: StateStore,
  { engine, account, subjects }: { engine: string; account: string; subjects: readonly string[] },
): Promise<ErasurePlan> {
  const known = createForgottenSubjects({ state, engine, account });
  await known.refresh();
  const fileOf = await filesOfLatestEntries(state, { engine, account, subjects, known });
  const isListed = (subject: string) => known.isForgotten(subject);
  const isErased = (subject: string) => {
    const { since = 0, erasedAt = 0 } = known.find(subject) ?? {};
    return isListed(subject) && erasedAt >= since;
  };
  const pending = subjects.filter((subject) => isListed(subject) && !isErased(subject));
  const unfinished = new Set(pending.map((subject) => fileOf.get(subject)));
  const done = subjects.filter((subject) => isErased(subject) && unfinished.has(fileOf.get(subject)));
  const others = new Set([...pending, ...done]);
  return {
    toList: subjects.filter((subject) => !others.has(subject)),
    pending,
    done,
    erasedEver: new Set(subjects.filter((subject) => (known.find(subject)?.erasedAt ?? 0) > 0)),
    newerThan: latest(subjects.map((subject) => known.find(subject)?.latestAt ?? 0)),
    listedAt: latest(pending.map((subject) => known.find(subject)?.since ?? 0)),
  };
}

const latest = (times: readonly number[]) => times.reduce((most, time) => Math.max(most, time), 0);

async function filesOfLatestEntries(
  state: StateStore,
  options: { engine: string; account: string; subjects: readonly string[]; known: ForgottenSubjects },
): Promise<Map<string, string>> {
  const { engine, account, subjects, known } = options;
  const byMark = new Map(
    subjects.flatMap((subject) => known.marksOf(subject).map((mark) => [mark, subject])),
  );
  const fileOf = new Map<string, string>();
  await createForgetReader(state, { engine, account }).refresh({
    onEntry(entry, path) {
      const subject = byMark.get(entry.subject);
      if (subject === undefined || entry.kind !== 'forget') return;
      if (Date.parse(entry.at) === known.find(subject)?.since) fileOf.set(subject, path);
    },
  });
  return fileOf;
}
