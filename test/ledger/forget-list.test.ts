import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createErasureLog,
  forgetListFolder,
  runForgetListFolder,
  writeForgetEntries,
} from '../../src/ledger/forget-files.ts';
import { createForgottenSubjects, openErasedSubjects } from '../../src/ledger/forgotten-subjects.ts';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import { deltaPath, readLedger } from '../../src/ledger/ledger-files.ts';
import { purgeLedger } from '../../src/ledger/purge-ledger.ts';
import { subjectHash } from '../../src/ledger/snapshot/entry.ts';
import { refreshSnapshot } from '../../src/ledger/snapshot/refresh-snapshot.ts';
import { snapshotPath } from '../../src/ledger/snapshot/snapshot.ts';
import { findKnownTemplates } from '../../src/runs/erasure/known-templates.ts';
import { planErasure } from '../../src/runs/erasure/plan-erasure.ts';
import { readSubjectList } from '../../src/runs/subject-list/read-subject-list.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError, UsageError } from '../../src/util/errors.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { writeFiles } from '../helpers/photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from './ledger-events.ts';

const { signal } = new AbortController();
let folder: TemporaryFolder;
let state: StateStore;
let accounts = 0;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterAll(() => folder.remove());

const newAccount = () => `account-${++accounts}`;
/** An engine has one list in a state: each test has one of its own. */
const newEngine = () => `engine-${++accounts}`;

async function enter(engine: string, kind: 'forget' | 'allow', minute: number, ...subjects: string[]) {
  const entries = { engine, subjects, kind, at: timeAt(minute) };
  await writeForgetEntries(state, { folder: forgetListFolder(engine), ...entries });
}
async function erase(engine: string, account: string, minute: number, ...subjects: string[]) {
  const log = createErasureLog(state, { engine, account });
  for (const subjectId of subjects)
    await log.append({ subjectId, templates: [], notBefore: Date.parse(timeAt(minute)) });
  await log.close();
}

describe('the forget list', () => {
  it('says of each subject what its newest entry says, in any form of Unicode, for all accounts of its engine', async () => {
    const [engine, account] = [newEngine(), newAccount()];
    const list = createForgottenSubjects({ state, engine, account, runId: 'run-1' });
    const isForgotten = async (subject: string) => {
      await list.refresh();
      return list.isForgotten(subject);
    };
    expect(await isForgotten('a')).toBe(false);
    await enter(engine, 'forget', 5, 'Zoë', 'a');
    await enter(engine, 'forget', 1, 'b');
    expect(await isForgotten('Zoe\u0308')).toBe(true);
    expect(await isForgotten('zoë')).toBe(false);
    await enter(engine, 'allow', 4, 'a');
    expect(await isForgotten('a')).toBe(true);
    // Of two of one time nobody knows which was later.
    await enter(engine, 'allow', 5, 'a');
    expect(await isForgotten('a')).toBe(true);
    await enter(engine, 'allow', 6, 'a', 'b');
    expect([await isForgotten('a'), await isForgotten('b')]).toEqual([false, false]);
    await enter(engine, 'forget', 7, 'b');
    expect(await isForgotten('b')).toBe(true);

    const own = { engine, subjects: ['own'], kind: 'forget', at: timeAt(1) } as const;
    await writeForgetEntries(state, { ...own, folder: runForgetListFolder('run-1') });
    await enter(engine, 'allow', 9, 'own');
    const both = createForgottenSubjects({ state, engine, account, runId: 'run-1' });
    await both.refresh();
    expect(['own', 'b', 'a'].map(both.isForgotten)).toEqual([true, true, false]);
    const another = createForgottenSubjects({ state, engine, account: 'another', runId: 'run-1' });
    await another.refresh();
    expect(['own', 'b', 'a'].map(another.isForgotten)).toEqual([true, true, false]);
    for (const more of [{ engine }, { engine: 'another', runId: 'run-1' }]) {
      const other = createForgottenSubjects({ state, account, ...more });
      await other.refresh();
      expect(other.isForgotten('own')).toBe(false);
    }
  });

  it.each([
    ['a damaged line', '{"schema":"rollcall.forgo\n'],
    ['an end that was cut off', '{"schema":"rollcall.forgo'],
  ])('is not read by half: with %s', async (_, text) => {
    const engine = newEngine();
    await enter(engine, 'forget', 1, 'a');
    await state.write(`${forgetListFolder(engine)}/20261122T000000000Z-00.jsonl`, text);
    const list = createForgottenSubjects({ state, engine, account: newAccount() });
    await expect(list.refresh()).rejects.toThrow(FaultError);
    await expect(list.refresh()).rejects.toThrow('damaged at byte 0');
  });

  it('tells a command that goes on from a new one', async () => {
    const [engine, account] = [newEngine(), newAccount()];
    await enter(engine, 'forget', 1, 'a', 'b', 'c');
    await enter(engine, 'forget', 2, 'd');
    await erase(engine, account, 3, 'a', 'd');
    const plan = (...subjects: string[]) => planErasure(state, { engine, account, subjects });
    expect(await plan('a', 'b', 'd', 'e')).toMatchObject({
      done: ['a'],
      pending: ['b'],
      toList: ['d', 'e'],
      listedAt: Date.parse(timeAt(1)),
    });
    expect(await plan('a')).toMatchObject({ done: [], pending: [], toList: ['a'] });
    await enter(engine, 'allow', 60, 'b');
    expect(await plan('b')).toMatchObject({ pending: [], toList: ['b'], newerThan: Date.parse(timeAt(60)) });
    // What was erased at one account is still to be erased at another, without another entry.
    const elsewhere = { engine, account: newAccount(), subjects: ['a', 'd'] };
    expect(await planErasure(state, elsewhere)).toMatchObject({ pending: ['a', 'd'], toList: [], done: [] });
  });
});

describe('a list of subjects', () => {
  const read = async (name: string, text: string) => {
    await writeFiles(folder.path, { [name]: text });
    return readSubjectList(name, { setting: '--file', folder: folder.path, signal });
  };
  it('is a text, a CSV file or JSON lines', async () => {
    expect(await read('a.txt', '\ufeffemp-1\r\n\r\n  Zoë, 2 \nemp-3')).toEqual([
      { subjectId: 'emp-1', line: 1 },
      { subjectId: 'Zoë, 2', line: 3 },
      { subjectId: 'emp-3', line: 4 },
    ]);
    expect(await read('a.csv', '\ufeffname,Subject_ID\n"A, B",emp-1\n,\nC,"emp ""2"""\n')).toEqual([
      { subjectId: 'emp-1', line: 2 },
      { subjectId: 'emp "2"', line: 4 },
    ]);
    const missing = { schema: 'rollcall.missing/1', subjectId: 'emp-1', photo: '/a.jpg' };
    expect(await read('a.jsonl', `${JSON.stringify(missing)}\n{"id":7}\n`)).toEqual([
      { subjectId: 'emp-1', line: 1 },
      { subjectId: '7', line: 2 },
    ]);
  });
  it.each([
    ['b.csv', 'name\nA\n', 'subject_id'],
    ['b.csv', 'subject_id,name\n,A\n', 'line 2'],
    ['b.csv', 'subject_id\nemp-1\n"emp', 'line 3'],
    ['b.jsonl', '{"subjectId":"a"}\nemp-2\n', 'line 2'],
    ['b.txt', `emp-1\n${'x'.repeat(600)}\n`, 'line 2'],
    ['b.txt', Buffer.from('\ufeffemp-1\n', 'utf16le').toString('latin1'), '--file'],
  ])('that names nobody on some line is refused: %s', async (name, text, words) => {
    await expect(read(name, text)).rejects.toThrow(UsageError);
    await expect(read(name, text)).rejects.toThrow(words);
  });
});

describe('the ledger', () => {
  const event = (subjectId: string, minute: number, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
    schema: ledgerSchemaName,
    kind: 'enrolled',
    subjectId,
    photo: `/${subjectId}-${minute}.jpg`,
    at: timeAt(minute),
    source: '/archive',
    ...more,
  });
  const write = (account: string, run: string, ...events: LedgerEvent[]) =>
    state.write(
      deltaPath(account, { run, epoch: 1 }),
      events.map((each) => `${JSON.stringify(each)}\n`).join(''),
    );

  it('tells all templates of a subject, but none that is another one’s by now', async () => {
    const account = newAccount();
    await write(
      account,
      'one',
      event('Zoë', 1, { templateId: 'T1', templateIdFrom: 'manifest' }),
      event('Zoe\u0308', 2, { templateId: 'T2', templateIdFrom: 'engine' }),
      event('a', 3, { templateId: 'T3', templateIdFrom: 'manifest' }),
    );
    await write(
      account,
      'two',
      event('Zoë', 4, { kind: 'unclear', templateId: 'T3', templateIdFrom: 'manifest' }),
      event('b', 5, { templateId: 'T2', templateIdFrom: 'manifest' }),
      event('b', 0, { templateId: 'T1', templateIdFrom: 'manifest' }),
    );
    const subjects = new Set(['Zoë'.normalize('NFC')]);
    const { ofSubject, isOfOther } = await findKnownTemplates(state, {
      accounts: new Set([account]),
      engine: 'ooto',
      subjects,
      inQueue: async () => [],
      signal,
    });
    expect([...(ofSubject.get('Zoë') ?? [])].sort()).toEqual(['T1', 'T2', 'T3']);
    expect(['T1', 'T2', 'T3'].filter(isOfOther)).toEqual(['T2', 'T3']);
  });

  it('tells no template of a subject which the engine named by mistake, as Verihubs has named alice for bob', async () => {
    const account = newAccount();
    await write(
      account,
      'one',
      event('alice', 1, { templateId: 'alice' }),
      event('bob', 2, { templateId: 'alice', templateIdFrom: 'engine' }),
      event('carl', 3, { templateId: 'nobody-knows', templateIdFrom: 'engine' }),
      event('dora', 4, { templateId: 'bob', templateIdFrom: 'engine' }),
    );
    const { isOfOther } = await findKnownTemplates(state, {
      ...{ accounts: new Set([account]), engine: 'verihubs', signal },
      subjects: new Set(['bob', 'carl']),
      inQueue: async () => [],
    });
    const all = ['alice', 'bob', 'carl', 'nobody-knows'];
    expect(all.filter((id) => !isOfOther(id))).toEqual(['bob', 'carl']);
  });

  it('names an erased subject no more, and what it said of it holds no more', async () => {
    const [engine, account] = [newEngine(), newAccount()];
    await write(account, 'one', event('a', 1), event('b', 1));
    await write(account, 'two', event('c', 1));
    await enter(engine, 'forget', 2, 'a', 'b');
    await erase(engine, account, 3, 'a');
    const before = await openErasedSubjects(state, { engine, account });
    expect(['a', 'b', 'c'].map((subject) => before.isVoid(event(subject, 1)))).toEqual([true, false, false]);
    await enter(engine, 'allow', 4_000_000, 'a');
    const { isVoid } = await openErasedSubjects(state, { engine, account });
    expect([isVoid(event('a', 1)), isVoid(event('a', 5_000_000))]).toEqual([true, false]);

    const leases = createMemoryLeases();
    const purge = () => purgeLedger({ state, leases, account, subjects: new Set(['a']), signal });
    const when = { fewestBytes: 0, dropsGone: true };
    expect(await refreshSnapshot(state, { account, when, signal })).toBe(true);
    const snapshot = () => state.read(snapshotPath(account));
    const hash = Buffer.from(Uint32Array.from(subjectHash('a')).buffer);
    expect((await snapshot())?.includes(hash)).toBe(true);
    expect(await purge()).toBe(true);
    expect((await snapshot())?.includes(hash)).toBe(false);
    const left: string[] = [];
    await readLedger(state, { account, onEvent: ({ subjectId }) => left.push(subjectId) });
    expect(left.sort()).toEqual(['b', 'c']);
    expect(await state.size(deltaPath(account, { run: 'one', epoch: 1 }))).toBeUndefined();
    expect(await state.size(deltaPath(account, { run: 'two', epoch: 1 }))).toBeGreaterThan(0);
    expect(await purge()).toBe(true);
  });
});

it('files lie beside the runs, each call’s its own', async () => {
  const engine = newEngine();
  await Promise.all(Array.from({ length: 20 }, (_, index) => enter(engine, 'forget', 1, `s${index}`)));
  const names = (await state.list(forgetListFolder(engine))).map(({ name }) => name);
  expect(names).toHaveLength(20);
});
