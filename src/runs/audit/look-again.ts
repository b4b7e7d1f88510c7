import { createForgottenSubjects, openErasedSubjects } from '../../ledger/forgotten-subjects.ts';
import {
  compareTimes,
  isHeldEvent,
  isStoredEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  readTimes,
  timesOf,
  writeTimes,
} from '../../ledger/ledger-event.ts';
import { readLedger } from '../../ledger/ledger-files.ts';
import { readReport } from '../../records/read-report.ts';
import { isOver, listRunRecords, runFolderOf } from '../../records/run-record.ts';
import { createHashIndex } from '../../util/hash-index.ts';
import { isSameTemplate, templateKey } from '../../util/template-id.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { type AnsweredSubject, readAnswers } from './plan.ts';

/** What the ledger, the reports and the forget list say once all were asked. */
export interface SecondLook {
  /** Whether what the audit went by holds no more. */
  isOvertaken(answered: AnsweredSubject): boolean;
  /** Whose a template is that answered in another's place. */
  ownerOf(templateId: string): string | undefined;
  /** Whether that template was erased for somebody who is forgotten. */
  isErased(answered: { subjectId: string; templateId: string }): boolean;
}

/** Behind the times of the newest event: whether the engine certainly held it. */
const certain = 4;
const valueWords = 5;
/** More are not named: then the whole account is wrong. */
const mostOwners = 100_000;

/** Memory: 32 bytes a subject that was asked about, 40 to 50 with free places. */
export async function lookAgain(
  rollcall: Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<SecondLook> {
  const { state } = rollcall;
  const { engine, account } = rollcall.engine();
  const accounts = await findSameAccounts(rollcall);
  const erased = await openErasedSubjects(state, { engine: engine.name, account });
  const forgotten = createForgottenSubjects({ state, engine: engine.name, account });
  await forgotten.refresh();
  const index = createHashIndex({ valueWords });
  const owners = new Map<string, string | undefined>();
  for await (const { subjectId, templateId, answer } of readAnswers(state, id)) {
    index.enter(keyWithoutBlanks(subjectId));
    const { best } = answer;
    if (best && !isSameTemplate(best.templateId, templateId) && owners.size < mostOwners)
      owners.set(templateKey(best.templateId), undefined);
  }

  function note(subjectId: string, event: Pick<LedgerEvent, 'at' | 'seenAt'>, isCertain: boolean): void {
    const words = index.find(keyWithoutBlanks(subjectId));
    if (!words || compareTimes(timesOf(event), readTimes(words)) <= 0) return;
    writeTimes(words, timesOf(event));
    words[certain] = isCertain ? 1 : 0;
  }
  const onEvent = (event: LedgerEvent) => {
    if (!isHeldEvent(event) || erased.isVoid(event)) return;
    const { subjectId } = event;
    const isCertain = isStoredEvent(event) && event.kind !== 'undone';
    const key = templateKey(event.templateId ?? engine.templateIdFor(subjectId));
    if (isCertain && owners.has(key)) owners.set(key, subjectId);
    note(subjectId, event, isCertain);
  };
  for (const one of accounts) await readLedger(state, { account: one, signal, onEvent });
  // The ledger learns of a run when it ends.
  for (const record of await listRunRecords(state)) {
    if (!accounts.has(record.account) || isOver(record)) continue;
    for await (const { subjectId, status, stored, finishedAt } of readReport(state, runFolderOf(record.id)))
      if (subjectId !== undefined && status !== 'skipped' && (stored === 'yes' || stored === 'unknown'))
        note(subjectId, { at: finishedAt }, stored === 'yes');
  }

  return {
    isOvertaken({ about, subjectId, enrolledAt = '', answer }) {
      const { since = 0, erasedAt = 0 } = forgotten.find(subjectId) ?? {};
      const isForgotten = forgotten.isForgotten(subjectId);
      if (about === 'forgotten')
        return !isForgotten || Math.max(since, erasedAt) > Date.parse(answer.finishedAt);
      const words = index.find(keyWithoutBlanks(subjectId));
      if (isForgotten || words?.[certain] !== 1) return true;
      return readTimes(words).at !== Date.parse(enrolledAt);
    },
    ownerOf: (templateId) => owners.get(templateKey(templateId)),
    isErased: forgotten.isErased,
  };
}
