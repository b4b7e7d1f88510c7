import { forgetListFolder, writeForgetEntries } from '../ledger/forget-files.ts';
import { createForgottenSubjects } from '../ledger/forgotten-subjects.ts';
import { subjectMark } from '../ledger/subject-mark.ts';
import type { Rollcall } from './open-rollcall.ts';

/**
 * Takes subjects off the forget list of the settings' account: runs enroll them again. The erasure log stays as it is.
 * @returns how many of them were on it
 */
export async function allowSubjects({ state, engine }: Rollcall, given: Iterable<string>): Promise<number> {
  const { account } = engine();
  const known = createForgottenSubjects({ state, account });
  await known.refresh();
  const subjects = [...new Set([...given].map((subject) => subject.normalize('NFC')))];
  const listed = subjects.filter(known.isForgotten);
  if (listed.length === 0) return 0;
  const newest = listed.reduce((most, subject) => Math.max(most, known.find(subject)?.since ?? 0), 0);
  await writeForgetEntries(state, {
    folder: forgetListFolder(account),
    marks: listed.map((subject) => subjectMark(account, subject)),
    kind: 'allow',
    at: new Date(Math.max(Date.now(), newest + 1)).toISOString(),
  });
  return listed.length;
}
