import { describe, expect, it } from 'vitest';
import { forgetListFolder, runForgetListFolder, writeForgetEntries } from '../../src/ledger/forget-files.ts';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { countUnknownSubjects, openOwnForgetList } from '../../src/ledger/own-forget-list.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { subjectKey } from '../../src/util/subject-id.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { lineOf } from '../records/report-lines.ts';
import { timeAt } from './ledger-events.ts';

const run = { id: 'run-1', engine: 'ooto', account: 'account' };
const spelled = { nfc: 'Zoë'.normalize('NFC'), nfd: 'Zoë'.normalize('NFD') };
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const enter = (at: string, kind: 'forget' | 'allow', ...subjects: string[]) =>
  writeForgetEntries(state, { folder: at, engine: run.engine, kind, at: timeAt(1), subjects });
const give = (...subjects: string[]) => enter(runForgetListFolder(run.id), 'forget', ...subjects);

const remember = (account: string, ...subjects: string[]) =>
  state.write(
    deltaPath(account, { run: 'before', epoch: 1 }),
    subjects
      .map((subjectId) => ({ kind: 'enrolled', subjectId, photo: '/1.jpg', at: timeAt(1), source: '/a' }))
      .map((event) => `${JSON.stringify({ schema: 'rollcall.ledger/1', ...event })}\n`)
      .join(''),
  );

/** Whether an id that a run was given is nobody's after all this. */
interface Case {
  readonly ledger?: readonly string[];
  readonly elsewhere?: readonly string[];
  readonly forgotten?: readonly string[];
  readonly allowed?: readonly string[];
}
const cases: readonly (readonly [string, Case, boolean])[] = [
  ['is nowhere', {}, true],
  ['is in the ledger', { ledger: ['b', spelled.nfd] }, false],
  ['is in the ledger with blanks around it', { ledger: [` ${spelled.nfc}\u00a0`] }, false],
  ['is like one in the ledger', { ledger: [spelled.nfc.toLowerCase(), `${spelled.nfc}1`] }, true],
  ['is in the ledger of another account', { elsewhere: [spelled.nfc] }, true],
  ['was forgotten before', { forgotten: ['b', spelled.nfd] }, false],
  ['was forgotten before and taken back', { forgotten: [spelled.nfc], allowed: [spelled.nfc] }, false],
  ['is like one that was forgotten before', { forgotten: ['b', spelled.nfc.toLowerCase()] }, true],
];

async function lay({ ledger, elsewhere, forgotten, allowed }: Case): Promise<void> {
  if (ledger) await remember(run.account, ...ledger);
  if (elsewhere) await remember('another', ...elsewhere);
  if (forgotten) await enter(forgetListFolder(run.engine), 'forget', ...forgotten);
  if (allowed) await enter(forgetListFolder(run.engine), 'allow', ...allowed);
}

describe('of the list that a run was given, an id', () => {
  it.each(cases)('%s', async (_, given, isUnknown) => {
    await lay(given);
    await give(spelled.nfc, 'x');
    const list = await openOwnForgetList(state, run);
    expect(await list?.count()).toEqual({ subjects: 2, unknown: isUnknown ? 2 : 1 });
  });

  it.each<[string, Partial<ReportLine>, boolean]>([
    ['is listed, and was not enrolled', { reason: 'forgotten', subjectId: spelled.nfd }, false],
    ['is listed with another reason', { reason: 'unchanged', subjectId: spelled.nfc }, true],
    ['is listed without a reason', { subjectId: spelled.nfc }, true],
    ['is not the one that is listed', { reason: 'forgotten', subjectId: 'b' }, true],
    ['is not what a row without one means', { reason: 'forgotten', subjectId: undefined }, true],
  ])('%s', async (_, line, isUnknown) => {
    await give(spelled.nfc);
    const list = await openOwnForgetList(state, run);
    list?.note({ ...lineOf(1, 'x', 'skipped'), ...line });
    expect(await list?.count()).toEqual({ subjects: 1, unknown: isUnknown ? 1 : 0 });
  });

  it('is looked for in no ledger once all are found', async () => {
    await remember(run.account, 'b');
    await give('a', 'a');
    const read: string[] = [];
    const readLines: StateStore['readLines'] = (path, options) => {
      read.push(path);
      return state.readLines(path, options);
    };
    const list = await openOwnForgetList({ ...state, readLines }, run);
    list?.note({ ...lineOf(1, 'x', 'skipped'), reason: 'forgotten', subjectId: 'a' });
    read.length = 0;
    expect(await list?.count()).toEqual({ subjects: 1, unknown: 0 });
    expect(read).toEqual([]);
  });
});

it('a run that was given no list has none', async () => {
  await enter(forgetListFolder(run.engine), 'forget', 'a');
  await enter(runForgetListFolder('run-2'), 'forget', 'a');
  await give();
  expect(await openOwnForgetList(state, run)).toBeUndefined();
});

describe('of subjects that are to be forgotten, one that', () => {
  const count = (...subjects: string[]) =>
    countUnknownSubjects(state, { ...run, subjects: subjects.map(subjectKey) });

  it.each(cases)('%s', async (_, given, isUnknown) => {
    await lay(given);
    expect(await count(spelled.nfc, 'x')).toBe(isUnknown ? 2 : 1);
  });

  it('is none is not looked for', async () => {
    const list: StateStore['list'] = (path) =>
      path.startsWith('ledger') ? Promise.reject(new Error('read')) : state.list(path);
    await enter(forgetListFolder(run.engine), 'forget', 'a');
    expect(await countUnknownSubjects({ ...state, list }, { ...run, subjects: ['a'] })).toBe(0);
  });
});
