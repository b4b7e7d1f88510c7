import type { Settings } from '../../engines/settings.ts';
import { forgetListFolder, runForgetListFolder, writeForgetEntries } from '../../ledger/forget-files.ts';
import { createForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { subjectKey } from '../../util/subject-id.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { readSubjectList } from '../subject-list/read-subject-list.ts';

/** Subject ids that a run is not to enroll, from its user's own list (`--forget-list`). */
export type OwnForgetList = readonly string[];

/** @throws UsageError where the file cannot be read whole */
export async function readForgetList(
  { folder }: Pick<Rollcall, 'folder'>,
  { forgetList }: Pick<Settings, 'forgetList'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<OwnForgetList> {
  if (forgetList === undefined) return [];
  const listed = await readSubjectList(forgetList, { setting: '--forget-list', folder, signal });
  return listed.map(({ subjectId }) => subjectId);
}

/**
 * Puts the list where every worker of the run sees it, whatever machine the file was on; to be done before the run
 * appears. A run that is resumed with another list keeps both.
 */
export async function noteForgetList(
  state: StateStore,
  { runId, engine, subjects }: { runId: string; engine: string; subjects: OwnForgetList },
): Promise<void> {
  if (subjects.length === 0) return;
  const at = new Date().toISOString();
  await writeForgetEntries(state, {
    folder: runForgetListFolder(runId),
    engine,
    subjects,
    kind: 'forget',
    at,
  });
}

/**
 * Takes subjects off the forget list of the settings' engine: runs enroll them again, into whichever of its accounts. The erasure log stays as it is.
 * @returns how many of them were on it
 */
export async function allowSubjects(
  { state, engine: ownEngine }: Pick<Rollcall, 'state' | 'engine'>,
  given: Iterable<string>,
): Promise<number> {
  const { account, engine: named } = ownEngine();
  const known = createForgottenSubjects({ state, engine: named.name, account });
  await known.refresh();
  // With the blanks, too: that is how the former version has marked them.
  const subjects = [...new Set([...given].flatMap((id) => [subjectKey(id), keyWithoutBlanks(id)]))];
  const listed = subjects.filter(known.isForgotten);
  if (listed.length === 0) return 0;
  const newest = listed.reduce((most, subject) => Math.max(most, known.find(subject)?.latestAt ?? 0), 0);
  await writeForgetEntries(state, {
    folder: forgetListFolder(named.name),
    engine: named.name,
    subjects: listed,
    kind: 'allow',
    at: new Date(Math.max(Date.now(), newest + 1)).toISOString(),
  });
  return listed.length;
}
