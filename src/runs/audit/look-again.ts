import { createForgottenSubjects, openErasedSubjects } from '../../ledger/forgotten-subjects.ts';
import {
  compareTimes,
  isHeldEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  readTimes,
  timesOf,
  writeTimes,
} from '../../ledger/ledger-event.ts';
import { readWholeLedger } from '../../ledger/read-whole-ledger.ts';
import { readReport } from '../../records/report/read-report.ts';
import { isOver, listRunRecords, runFolderOf } from '../../records/run-record.ts';
import { createHashIndex } from '../../util/hash-index.ts';
import { isSameTemplate, templateKey } from '../../util/template-id.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { type AnsweredSubject, readAnswers } from './plan.ts';
import { standingOf } from './standing.ts';

/** What the ledger, the reports and the forget list say once all were asked. */
export interface SecondLook {
  /** Whether what the audit went by holds no more. */
  isOvertaken(
    asked: Pick<AnsweredSubject, 'about' | 'subjectId' | 'enrolledAt'> & { finishedAt: string },
  ): boolean;
  /** Whose a template is that answered in another's place. */
  ownerOf(templateId: string): string | undefined;
  /** Who was enrolled under the subject's own template id since, which a list gave to both. */
  takenBy(answered: Pick<AnsweredSubject, 'subjectId' | 'templateId'>): string | undefined;
  /** Whether that template was erased for somebody who is forgotten. */
  isErased(answered: { subjectId: string; templateId: string }): boolean;
}

/** Behind the times of the newest event: what it says. */
const standing = 4;
const standings = { unclear: 0, held: 1, undone: 2 } as const;
const valueWords = 5;
/** More are not named: then the whole account is wrong. */
const mostOwners = 100_000;

/** Memory: 32 bytes a subject that was asked about, 35 to 38 with free places. */
export async function lookAgain(
  rollcall: Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>,
  { id, threshold, signal }: { id: string; threshold: number; signal: AbortSignal },
): Promise<SecondLook> {
  const { state } = rollcall;
  const { engine, account } = rollcall.engine();
  const accounts = await findSameAccounts(rollcall);
  const erased = await openErasedSubjects(state, { engine: engine.name, account });
  const forgotten = createForgottenSubjects({ state, engine: engine.name, account });
  await forgotten.refresh();
  const index = createHashIndex({ valueWords });
  const owners = new Map<string, string | undefined>();
  const takers = new Map<string, { subjectId: string; at: number } | undefined>();
  for await (const { about, subjectId, templateId, answer } of readAnswers(state, id)) {
    index.enter(keyWithoutBlanks(subjectId));
    const { best, verified } = answer;
    const isPresent =
      verified === 'same' ||
      (best && best.similarity >= threshold && isSameTemplate(best.templateId, templateId));
    if ((!isPresent || about === 'undone') && takers.size < mostOwners)
      takers.set(templateKey(templateId), undefined);
    if (best && !isSameTemplate(best.templateId, templateId) && owners.size < mostOwners)
      owners.set(templateKey(best.templateId), undefined);
  }

  function note(
    subjectId: string,
    event: Pick<LedgerEvent, 'at' | 'seenAt'>,
    now: keyof typeof standings,
  ): void {
    const words = index.find(keyWithoutBlanks(subjectId));
    if (!words || compareTimes(timesOf(event), readTimes(words)) <= 0) return;
    writeTimes(words, timesOf(event));
    words[standing] = standings[now];
  }
  /** By the `templateKey`. */
  function noteTaker(key: string, subjectId: string, at: string): void {
    const time = Date.parse(at);
    if (takers.has(key) && time >= (takers.get(key)?.at ?? 0)) takers.set(key, { subjectId, at: time });
  }
  const onEvent = (event: LedgerEvent) => {
    if (!isHeldEvent(event) || erased.isVoid(event)) return;
    const { subjectId } = event;
    const now = standingOf(event);
    const isCertain = now === 'held';
    const key = templateKey(event.templateId ?? engine.templateIdFor(subjectId));
    if (isCertain && owners.has(key)) owners.set(key, subjectId);
    if (isCertain) noteTaker(key, subjectId, event.at);
    note(subjectId, event, now);
  };
  for (const one of accounts) await readWholeLedger(state, { account: one, signal, onEvent });
  // The ledger learns of a run when it ends.
  for (const record of await listRunRecords(state)) {
    if (!accounts.has(record.account) || isOver(record)) continue;
    for await (const line of readReport(state, runFolderOf(record.id))) {
      const { subjectId, status, stored, finishedAt, templateId } = line;
      if (subjectId === undefined || status === 'skipped' || (stored !== 'yes' && stored !== 'unknown'))
        continue;
      note(subjectId, { at: finishedAt }, stored === 'yes' ? 'held' : 'unclear');
      if (stored === 'yes')
        noteTaker(templateKey(templateId ?? engine.templateIdFor(subjectId)), subjectId, finishedAt);
    }
  }

  return {
    isOvertaken({ about, subjectId, enrolledAt = '', finishedAt }) {
      const { since = 0, erasedAt = 0 } = forgotten.find(subjectId) ?? {};
      const isForgotten = forgotten.isForgotten(subjectId);
      if (about === 'forgotten') return !isForgotten || Math.max(since, erasedAt) > Date.parse(finishedAt);
      const words = index.find(keyWithoutBlanks(subjectId));
      if (isForgotten || words?.[standing] !== standings[about]) return true;
      return readTimes(words).at !== Date.parse(enrolledAt);
    },
    ownerOf: (templateId) => owners.get(templateKey(templateId)),
    takenBy({ subjectId, templateId }) {
      const taker = takers.get(templateKey(templateId))?.subjectId;
      return taker !== undefined && keyWithoutBlanks(taker) !== keyWithoutBlanks(subjectId)
        ? taker
        : undefined;
    },
    isErased: forgotten.isErased,
  };
}
