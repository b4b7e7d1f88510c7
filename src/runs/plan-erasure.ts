import { subjectMark } from '../ledger/forget-entry.ts';
import { forgetListFolder, listEntryFiles, readForgetFile } from '../ledger/forget-files.ts';
import { createForgottenSubjects } from '../ledger/forgotten-subjects.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** What is to be done for the subjects that a command names. */
export interface ErasurePlan {
  /** Not on the list, or erased by an earlier command that came to its end: they get an entry. */
  readonly toList: readonly string[];
  /** On the list, but not known to be erased: an earlier command stopped before. */
  readonly pending: readonly string[];
  /** Erased by the command that this one goes on with. */
  readonly done: readonly string[];
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
  { account, subjects }: { account: string; subjects: readonly string[] },
): Promise<ErasurePlan> {
  const known = createForgottenSubjects({ state, account, erasures: true });
  await known.refresh();
  const fileOf = await filesOfLatestEntries(
    state,
    account,
    subjects,
    (subject) => known.find(subject)?.since,
  );
  const isListed = (subject: string) => known.isForgotten(subject);
  const isErased = (subject: string) => {
    const { since = 0, erasedAt = 0 } = known.find(subject) ?? {};
    return isListed(subject) && erasedAt >= since;
  };
  const pending = subjects.filter((subject) => isListed(subject) && !isErased(subject));
  const unfinished = new Set(pending.map((subject) => fileOf.get(subject)));
  const done = subjects.filter((subject) => isErased(subject) && unfinished.has(fileOf.get(subject)));
  const others = new Set([...pending, ...done]);
  const times = subjects.map((subject) => known.find(subject));
  return {
    toList: subjects.filter((subject) => !others.has(subject)),
    pending,
    done,
    newerThan: latest(times.flatMap((time) => (time ? [time.since, time.allowedAt, time.erasedAt] : []))),
    listedAt: latest(pending.map((subject) => known.find(subject)?.since ?? 0)),
  };
}

const latest = (times: readonly number[]) => times.reduce((most, time) => Math.max(most, time), 0);

async function filesOfLatestEntries(
  state: StateStore,
  account: string,
  subjects: readonly string[],
  sinceOf: (subject: string) => number | undefined,
): Promise<Map<string, string>> {
  const byMark = new Map(subjects.map((subject) => [subjectMark(account, subject), subject]));
  const fileOf = new Map<string, string>();
  const folder = forgetListFolder(account);
  for (const { name } of await listEntryFiles(state, folder)) {
    await readForgetFile(state, `${folder}/${name}`, (entry) => {
      const subject = byMark.get(entry.subject);
      if (subject === undefined || entry.kind !== 'forget') return;
      if (Date.parse(entry.at) === sinceOf(subject)) fileOf.set(subject, name);
    });
  }
  return fileOf;
}
