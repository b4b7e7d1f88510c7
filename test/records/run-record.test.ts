import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  areIdsFromPaths,
  createRunRecord,
  isOver,
  isWorkedOn,
  listReadableRuns,
  listRunRecords,
  type RunRecord,
  readRunRecord,
  reasonForPause,
  writeFirstRunRecord,
  writeRunRecord,
} from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError } from '../../src/util/errors.ts';
import { givenSource } from '../conductor/given-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from '../runs/run-settings.ts';

describe('the runs of a state', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    const store = createLocalStateStore(folder.path);
    // As for a user to whom a folder is closed; root may read everything.
    state = {
      ...store,
      read: (path) =>
        path.startsWith('runs/of-another/')
          ? Promise.reject(new FaultError('state', 'belongs to bob'))
          : store.read(path),
    };
    const subject = { source: givenSource(1), engine: 'ooto', engineUrl: 'https://e', account: 'a' };
    for (const id of ['first', 'of-another', 'second'])
      await writeRunRecord(store, newRecord({ id, settings: await settingsOf(), subject }));
    await store.write('runs/broken/run.json', '{');
  });
  afterAll(() => folder.remove());

  it('are listed, and those that cannot be read are named', async () => {
    const { records, unreadable } = await listReadableRuns(state);
    expect(records.map(({ id }) => id).sort()).toEqual(['first', 'second']);
    expect(unreadable.map(({ id, fault }) => [id, fault.message]).sort()).toEqual([
      ['broken', expect.stringContaining('is damaged')],
      ['of-another', 'belongs to bob'],
    ]);
  });

  it('are not given without those, where all of them count', async () => {
    await expect(listRunRecords(state)).rejects.toBeInstanceOf(FaultError);
  });
});

describe('a run', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterEach(() => folder.remove());

  async function recordOf(id: string, more: Partial<RunRecord> = {}): Promise<RunRecord> {
    const subject = { source: givenSource(1), engine: 'ooto', engineUrl: 'https://e', account: 'a' };
    return { ...newRecord({ id, settings: await settingsOf(), subject }), ...more };
  }

  it('whose file is damaged is read as it was at first; without that it is a fault', async () => {
    await writeFirstRunRecord(state, await recordOf('r'));
    await writeRunRecord(state, await recordOf('r', { state: 'paused' }));
    expect((await readRunRecord(state, 'r'))?.state).toBe('paused');
    await state.write('runs/r/run.json', '{"schema":');
    expect((await readRunRecord(state, 'r'))?.state).toBe('active');
    await state.write('runs/r/run.first.json', '{}');
    await expect(readRunRecord(state, 'r')).rejects.toThrow(`${state.locate('runs/r/run.json')} is damaged`);
    await state.remove('runs/r/run.first.json');
    await expect(readRunRecord(state, 'r')).rejects.toThrow(FaultError);
    expect(await readRunRecord(state, 'none')).toBeUndefined();
  });

  it('is listed with all others, the newest first, and is read once when it is over', async () => {
    const days = [22, 25, 21, 24, 23];
    const ends = ['finished', 'active', 'cancelled', 'paused', 'finished'] as const;
    for (const [index, day] of days.entries()) {
      const more = { createdAt: `2026-11-${day}T01:00:00.000Z`, ...(ends[index] && { state: ends[index] }) };
      await writeRunRecord(state, await recordOf(`r-${day}`, more));
    }
    await state.write('runs/notes.txt', '');
    let reads: string[] = [];
    const watched: StateStore = {
      ...state,
      read: (path) => {
        reads.push(path);
        return state.read(path);
      },
    };
    const ids = async () => (await listRunRecords(watched)).map(({ id }) => id);
    const all = ['r-25', 'r-24', 'r-23', 'r-22', 'r-21'];
    expect(await ids()).toEqual(all);
    expect(reads).toHaveLength(5);
    reads = [];
    expect(await ids()).toEqual(all);
    expect(reads.sort()).toEqual(['runs/r-24/run.json', 'runs/r-25/run.json']);
  });

  it('is not passed over where the program itself is wrong', async () => {
    await writeRunRecord(state, await recordOf('r'));
    const wrong: StateStore = { ...state, read: () => Promise.reject(new TypeError('not a function')) };
    await expect(listReadableRuns(wrong)).rejects.toThrow(TypeError);
  });

  it.each([
    ['active', false],
    ['paused', false],
    ['finished', true],
    ['cancelled', true],
  ] as const)('that is %s is over: %s', async (now, expected) => {
    expect(isOver(await recordOf('r', { state: now }))).toBe(expected);
  });

  it('that is paused says why, or how it goes on where that is not known', async () => {
    expect(reasonForPause(await recordOf('r', { waitsFor: 'new credentials' }))).toBe('new credentials');
    expect(reasonForPause(await recordOf('r'))).toContain('rollcall resume r');
  });

  it.each([
    [{ sameSubject: 'repeat', idsFromPaths: true }, true],
    [{ sameSubject: 'collision', idsFromPaths: false }, false],
    // Of an earlier version.
    [{ sameSubject: 'collision' }, true],
    [{ sameSubject: 'repeat' }, undefined],
  ] as const)('says whether its ids are from paths, where it is known: %j, %s', (settings, expected) => {
    expect(areIdsFromPaths(settings)).toBe(expected);
  });

  it('that several make at once is that of the first', async () => {
    await createRunRecord(state, await recordOf('r', { account: 'first' }));
    await createRunRecord(state, await recordOf('r', { account: 'second' }));
    expect((await readRunRecord(state, 'r'))?.account).toBe('first');
    await state.write('runs/r/run.json', '{');
    expect((await readRunRecord(state, 'r'))?.account).toBe('first');
  });

  it.each<[string, Partial<RunRecord>, number, boolean]>([
    ['a moment ago', {}, 0, true],
    ['15 s ago, nearly', {}, 14_999, true],
    ['15 s ago', {}, 15_000, false],
    ['never', { epoch: 0 }, 0, false],
    ['a moment ago, and is paused now', { state: 'paused' }, 0, false],
    ['a moment ago, and is over now', { state: 'finished' }, 0, false],
  ])('whose conductor has shown itself %s is worked on, or not', async (_, more, agoInMs, expected) => {
    const record = await recordOf('r', { state: 'active', epoch: 1, ...more });
    expect(isWorkedOn(record, new Date(Date.parse(record.updatedAt) + agoInMs))).toBe(expected);
  });
});
