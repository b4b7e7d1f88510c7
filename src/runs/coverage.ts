import { hash } from 'node:crypto';
import { type ErasedSubjects, openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { eventOfLine, factsOf } from '../ledger/ledger-delta.ts';
import { isHeldEvent, keyWithoutBlanks, type LedgerEvent } from '../ledger/ledger-event.ts';
import { readWholeLedger } from '../ledger/read-whole-ledger.ts';
import type { CoverageLine, CoverageStatus } from '../records/audit/coverage-line.ts';
import { readManifest } from '../records/manifest.ts';
import { readDeadLetters } from '../records/report/read-dead-letters.ts';
import { readReport } from '../records/report/read-report.ts';
import { RunPrunedError, readWholeReport } from '../records/report/read-whole-report.ts';
import type { ReportLine } from '../records/report/report-line.ts';
import { isOver, listRunRecords, type RunRecord, runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { isSameTemplate, templateKey } from '../util/template-id.ts';
import { timeAt, writeTimeAt } from '../util/word-time.ts';
import type { Rollcall } from './open-rollcall.ts';
import { findSameAccounts } from './same-accounts.ts';
import { type ListedSubject, streamSubjectList } from './subject-list/read-subject-list.ts';

/** What is known of a person: by when and by whom. */
interface Fact {
  readonly status: CoverageStatus;
  readonly code?: string | undefined;
  readonly run?: string | undefined;
}

/**
 * Who of a list of people (as `readSubjectList` reads it) has a template at the settings' account, and why not: each person
 * once, in the order of the list. By the ledger, the reports that the state still has, and the forget list; no call is made.
 * Memory: 36 bytes a person, 43 to 47 with free places, whatever the ledger's size; as much again for each template whose
 * id a list gave.
 * @throws UsageError for a list that cannot be read to its end, before the first line
 */
export async function* coverage(
  rollcall: Rollcall,
  people: string,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<CoverageLine> {
  const { state, folder } = rollcall;
  const { account, engine } = rollcall.engine();
  const list = () => streamSubjectList(people, { setting: '<people>', folder, signal });
  const erased = await openErasedSubjects(state, { engine: engine.name, account });
  const known = createKnownPeople(erased, engine.templateIdFor);
  for await (const { subjectId } of list()) known.enter(subjectId);
  const accounts = await findSameAccounts(rollcall);
  const readLedgers = async (onEvent: (event: LedgerEvent) => void) => {
    for (const account of accounts) await readWholeLedger(state, { account, signal, onEvent });
  };
  await readLedgers(known.addEvent);
  const runs = (await listRunRecords(state)).filter((run) => accounts.has(run.account));
  for (const record of runs) {
    signal.throwIfAborted();
    await addRun(state, { record, known });
  }
  // Whose template somebody else's photo replaced, by an id that a list gave, has none any more.
  const readHeld = async (onEvent: (event: LedgerEvent) => void) => {
    await readLedgers(onEvent);
    for (const record of runs.filter((run) => !isOver(run))) await readEventsOf(state, record, onEvent);
  };
  if (known.hasGivenIds) {
    await readHeld(known.noteTemplate);
    await readHeld(known.markReplaced);
  }
  for await (const person of list()) {
    const line = known.take(person);
    if (line) yield line;
  }
}

/** What the ledger does not have: photos without a verdict, and all of a run that has not ended. */
async function addRun(
  state: StateStore,
  { record, known }: { record: RunRecord; known: KnownPeople },
): Promise<void> {
  if (!isOver(record))
    for await (const batch of readManifest(state, record.id))
      for (const { line } of batch) known.addWaiting(line.subjectId, record);
  const lines = record.state === 'finished' ? readDeadLetters(state, record) : readWholeReport(state, record);
  try {
    for await (const line of lines) known.addLine(line);
  } catch (error) {
    // It says nothing any more.
    if (!(error instanceof RunPrunedError)) throw error;
  }
}

/** What the ledger will learn of a run that is not over. */
async function readEventsOf(
  state: StateStore,
  record: RunRecord,
  onEvent: (event: LedgerEvent) => void,
): Promise<void> {
  const facts = factsOf(record);
  for await (const line of readReport(state, runFolderOf(record.id))) {
    const event = eventOfLine(line, facts);
    if (event) onEvent(event);
  }
}

type KnownPeople = ReturnType<typeof createKnownPeople>;

/** In the numbers of a person: what the engine holds or may hold, what else is known, and whether the person was told. */
const holding = 0;
const other = 3;
const told = 6;
const valueWords = 7;

/** In the numbers of a template: when something was stored under its id last, for whom, and what that is of others. */
const storedFor = 2;
const toOthers = 3;
const templateWords = 4;

function createKnownPeople(erased: ErasedSubjects, templateIdFor: (subjectId: string) => string) {
  const index = createHashIndex({ valueWords });
  const facts = createFacts();
  /** Those whose ids a list gave, for one subject at least: all others are one subject's alone. */
  const templates = createHashIndex({ valueWords: templateWords });
  let hasGivenIds = false;

  const templateOf = ({ subjectId, templateId }: LedgerEvent) =>
    templates.find(templateKey(templateId ?? templateIdFor(subjectId)));

  function noteGiven(subjectId: string | undefined, templateId: string | undefined): void {
    if (subjectId === undefined || templateId === undefined) return;
    if (isSameTemplate(templateId, templateIdFor(subjectId))) return;
    templates.enter(templateKey(templateId));
    hasGivenIds = true;
  }

  function note(subjectId: string | undefined, at: string, place: number, fact: Fact): void {
    const words = subjectId === undefined ? undefined : index.find(keyWithoutBlanks(subjectId));
    if (!words || subjectId === undefined || erased.isVoid({ subjectId, at })) return;
    const time = Date.parse(at);
    const known = timeAt(words, place);
    // Of two at the same time the one counts that is no success.
    if (time < known || (time === known && fact.status === 'enrolled')) return;
    writeTimeAt(words, place, time);
    words[place + 2] = facts.numberOf(fact);
  }

  return {
    enter: (subjectId: string) => void index.enter(keyWithoutBlanks(subjectId)),
    get hasGivenIds() {
      return hasGivenIds;
    },
    addEvent(event: LedgerEvent): void {
      if (event.templateIdFrom === 'manifest') noteGiven(event.subjectId, event.templateId);
      const fact = factOfEvent(event);
      if (fact) note(event.subjectId, event.at, isHeldEvent(event) ? holding : other, fact);
    },
    addLine(line: ReportLine): void {
      const { subjectId, finishedAt, run } = line;
      if (!line.warnings?.includes('template-id-differs')) noteGiven(subjectId, line.templateId);
      const fact = factOfLine(line);
      if (!fact) return;
      const isHolding = line.stored === 'yes' && fact.status === 'enrolled';
      note(subjectId, finishedAt, isHolding ? holding : other, { ...fact, run });
    },
    /** Once all ids that lists gave are known. */
    noteTemplate(event: LedgerEvent): void {
      if (!isHeldEvent(event) || erased.isVoid(event)) return;
      const words = templateOf(event);
      const time = Date.parse(event.at);
      if (!words || time < timeAt(words, 0)) return;
      writeTimeAt(words, 0, time);
      words[storedFor] = wordOf(event.subjectId);
      words[toOthers] = facts.numberOf({ status: 'failed', code: 'replaced', run: event.run });
    },
    /** Once all templates are noted. */
    markReplaced(event: LedgerEvent): void {
      const words = index.find(keyWithoutBlanks(event.subjectId));
      if (!words || !isHeldEvent(event) || Date.parse(event.at) !== timeAt(words, holding)) return;
      const template = templateOf(event);
      if (!template || template[storedFor] === wordOf(event.subjectId)) return;
      if (facts.at(words[holding + 2] ?? 0)?.status !== 'enrolled') return;
      writeTimeAt(words, holding, timeAt(template, 0));
      words[holding + 2] = template[toOthers] ?? 0;
    },
    addWaiting: (subjectId: string | undefined, { id, createdAt }: RunRecord) =>
      note(subjectId, createdAt, other, { status: 'waiting', run: id }),
    /** Undefined for a person who was taken before. */
    take({ subjectId, line }: ListedSubject): CoverageLine | undefined {
      const words = index.enter(keyWithoutBlanks(subjectId));
      if (words[told] !== 0) return undefined;
      words[told] = 1;
      const said = { schema: 'rollcall.coverage/1', line, subjectId } as const;
      if (erased.isForgotten(subjectId)) return { ...said, status: 'forgotten' };
      const place = placeOf(words);
      const fact = facts.at(words[place + 2] ?? 0);
      if (!fact) return { ...said, status: 'never-seen' };
      const { status, code, run } = fact;
      const at = new Date(timeAt(words, place)).toISOString();
      return {
        ...said,
        status,
        ...(code !== undefined && { code }),
        ...(run !== undefined && { run }),
        at,
      };
    },
  };

  /** Who is enrolled stays so, whatever became of a later photo; else what was said last counts. */
  function placeOf(words: Uint32Array): number {
    if (facts.at(words[holding + 2] ?? 0)?.status === 'enrolled') return holding;
    return timeAt(words, other) >= timeAt(words, holding) ? other : holding;
  }
}

const wordOf = (subjectId: string) =>
  Number.parseInt(hash('sha256', keyWithoutBlanks(subjectId), 'hex').slice(0, 8), 16);

function factOfEvent({ kind, code, run }: LedgerEvent): Fact | undefined {
  switch (kind) {
    case 'enrolled':
      return { status: 'enrolled' };
    case 'rejected':
      return { status: 'rejected', code };
    case 'undone':
      return { status: 'undone', run };
    case 'unclear':
      return { status: 'failed', code: 'unclear' };
    default:
      return undefined;
  }
}

/** What was skipped says nothing new: the photo that it was skipped for has its own line or event. */
function factOfLine({ status, error, warnings }: ReportLine): Fact | undefined {
  if (status === 'skipped' || warnings?.includes('template-shared')) return undefined;
  return { status, code: error?.code ?? error?.kind };
}

/** Facts by numbers from 1: a list of people has few different ones. */
function createFacts() {
  const numbers = new Map<string, number>();
  const facts: Fact[] = [];
  return {
    at: (number: number): Fact | undefined => facts[number - 1],
    numberOf(fact: Fact): number {
      const key = JSON.stringify([fact.status, fact.code, fact.run]);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, facts.push(fact));
      return facts.length;
    },
  };
}
