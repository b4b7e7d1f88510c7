import type { ReportLine } from '../records/report/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { listEntryFiles, readForgetFile, runForgetListFolder } from './forget-files.ts';
import { createForgetReader } from './forget-reader.ts';
import { createForgottenSubjects } from './forgotten-subjects.ts';
import { keyWithoutBlanks } from './ledger-event.ts';
import { readLedger } from './ledger-files.ts';

/**
 * The list that a run was given (`--forget-list`), when the run ends: how many of its ids are nobody's. Somebody is on it
 * under another spelling then, and was enrolled.
 */
export interface OwnForgetList {
  /** For every line of the report. */
  note(line: ReportLine): void;
  /** `unknown`: ids that are in neither source nor ledger, and were not forgotten otherwise. */
  count(): Promise<{ subjects: number; unknown: number }>;
}

/** Undefined where the run has none. */
export async function openOwnForgetList(
  state: StateStore,
  { id, engine, account }: Pick<RunRecord, 'id' | 'engine' | 'account'>,
): Promise<OwnForgetList | undefined> {
  const folder = runForgetListFolder(id);
  const open = new Set<string>();
  for (const { name } of await listEntryFiles(state, folder))
    await readForgetFile(state, `${folder}/${name}`, ({ subject }) => open.add(subject));
  if (open.size === 0) return undefined;
  const subjects = open.size;
  const { refresh, marksOf } = createForgottenSubjects({ state, engine, account, runId: id });
  await refresh();
  const settle = (subjectId: string) => {
    for (const mark of marksOf(subjectId)) open.delete(mark);
  };
  return {
    note({ reason, subjectId }) {
      if (reason === 'forgotten' && subjectId !== undefined) settle(subjectId);
    },
    async count() {
      const onEntry = ({ subject }: { subject: string }) => void open.delete(subject);
      if (open.size > 0) await createForgetReader(state, { engine, account }).refresh({ onEntry });
      const onEvent = ({ subjectId }: { subjectId: string }) => settle(keyWithoutBlanks(subjectId));
      if (open.size > 0) await readLedger(state, { account, onEvent });
      return { subjects, unknown: open.size };
    },
  };
}

/**
 * How many of the subjects are in no ledger of the account and were never forgotten.
 * @param subjects as `subjectKey` has them
 */
export async function countUnknownSubjects(
  state: StateStore,
  { engine, account, subjects }: { engine: string; account: string; subjects: Iterable<string> },
): Promise<number> {
  const known = createForgottenSubjects({ state, engine, account });
  await known.refresh();
  const open = new Set([...subjects].filter((subject) => known.find(subject) === undefined));
  const onEvent = ({ subjectId }: { subjectId: string }) => void open.delete(keyWithoutBlanks(subjectId));
  if (open.size > 0) await readLedger(state, { account, onEvent });
  return open.size;
}
