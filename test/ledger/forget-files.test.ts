import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createErasureLog,
  erasureLogFolder,
  forgetListFolder,
  listEntryFiles,
  newFileName,
  readErasureFile,
  readForgetFile,
  writeForgetEntries,
} from '../../src/ledger/forget-files.ts';
import { keyForEntries } from '../../src/ledger/forget-keys.ts';
import { createForgetReader } from '../../src/ledger/forget-reader.ts';
import { createForgottenSubjects, openErasedSubjects } from '../../src/ledger/forgotten-subjects.ts';
import { writeAccountAlias } from '../../src/records/account-alias.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from './ledger-events.ts';

const engine = 'ooto';
const account = 'account';
const list = forgetListFolder(engine);
const keysFolder = 'forgotten/keys';
/** Later than any clock: an erasure is as late as its entry at least. */
const far = 60 * 24 * 365 * 100;
let folder: TemporaryFolder;
let state: StateStore;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(() => folder.remove());

const enter = (kind: 'forget' | 'allow', minute: number, ...subjects: string[]) =>
  writeForgetEntries(state, { folder: list, engine, kind, at: timeAt(minute), subjects });

async function erase(
  minute: number,
  subjectId: string,
  { at = account, templateId = `T-${subjectId}` } = {},
) {
  const log = createErasureLog(state, { engine, account: at });
  const templates = [{ templateId, existed: true, at: timeAt(minute) }];
  await log.append({ subjectId, templates, notBefore: Date.parse(timeAt(minute)) });
  await log.close();
}

async function open() {
  const subjects = createForgottenSubjects({ state, engine, account });
  await subjects.refresh();
  return subjects;
}

/** What is listed and read of the state, and what is written into a file as a whole; the disk may be full. */
function watched({ isFull = false } = {}) {
  const listed: string[] = [];
  const read: string[] = [];
  const pieces: string[] = [];
  const on: StateStore = {
    ...state,
    list(path) {
      listed.push(path);
      return state.list(path);
    },
    readLines(path, options) {
      read.push(path);
      return state.readLines(path, options);
    },
    async openWriter(path) {
      const writer = await state.openWriter(path);
      const write = async (text: string) => {
        pieces.push(text);
        if (isFull) throw new Error('no room');
        await writer.write(text);
      };
      return { ...writer, write };
    },
  };
  return { on, listed, read, pieces };
}

describe('a file of the forget list', () => {
  it('has a name that sorts by time, and is no other’s', () => {
    const at = (time: string) => newFileName(new Date(time));
    const names = ['2026-09-30T23:59:59.999Z', '2026-10-01T00:00:00.000Z', '2026-10-01T00:00:00.001Z'].map(
      at,
    );
    expect([...names].sort()).toEqual(names);
    for (const name of names) expect(name).toMatch(/^\d{8}T\d{9}Z-[0-9a-f]{8}\.jsonl$/);
    expect(at('2026-10-01T00:00:00.000Z')).not.toBe(names[1]);
  });

  it('of many subjects is written in pieces, each subject once', async () => {
    const subjects = Array.from({ length: 9_000 }, (_, index) => `s-${index}`);
    const { on, pieces } = watched();
    const entries = { folder: list, engine, kind: 'forget', at: timeAt(1) } as const;
    await writeForgetEntries(on, { ...entries, subjects: [...subjects, 's-0', ...subjects.slice(-5)] });
    const [file] = await listEntryFiles(state, list);
    const marks: string[] = [];
    await readForgetFile(state, `${list}/${file?.name}`, ({ subject }) => marks.push(subject));
    const key = await keyForEntries(state);
    expect(marks).toEqual(subjects.map((subject) => key.subjectMark(engine, subject)));
    expect(pieces).toHaveLength(2);
    for (const piece of pieces) expect(piece.length).toBeLessThan(1_200_000);
    pieces.length = 0;
    await writeForgetEntries(on, { ...entries, subjects: [] });
    expect(pieces).toEqual([]);
  });

  it('is not there where it could not be written', async () => {
    const entries = { folder: list, engine, kind: 'forget', at: timeAt(1), subjects: ['a'] } as const;
    await expect(writeForgetEntries(watched({ isFull: true }).on, entries)).rejects.toThrow('no room');
    expect(await state.list(list)).toEqual([]);
  });

  it('is none of what else lies there', async () => {
    await enter('forget', 1, 'a');
    for (const name of ['notes.txt', 'x.jsonl.tmp', 'folder.jsonl/file'])
      await state.write(`${list}/${name}`, 'x');
    expect(await listEntryFiles(state, list)).toHaveLength(1);
    expect((await open()).isForgotten('a')).toBe(true);
  });
});

describe('an erasure log', () => {
  it('is a file from its first line on, which is sealed at the end', async () => {
    const sealed: string[] = [];
    const on: StateStore = { ...state, seal: async (path) => void sealed.push(path) };
    const none = createErasureLog(on, { engine, account });
    expect(none.path).toBeUndefined();
    await none.close();
    expect(sealed).toEqual([]);
    const log = createErasureLog(on, { engine, account });
    await log.append({ subjectId: 'a', templates: [], notBefore: 0 });
    const names = (await state.list(erasureLogFolder(engine))).map(({ name }) => name);
    expect([log.path]).toEqual(names.map((name) => `${erasureLogFolder(engine)}/${name}`));
    await log.close();
    expect(sealed).toEqual([log.path]);
  });

  it('is passed over where a line is damaged: that counts as not erased', async () => {
    await erase(1, 'a');
    const [file] = await state.list(erasureLogFolder(engine));
    const path = `${erasureLogFolder(engine)}/${file?.name}`;
    await state.write(path, `{"schema":"rollcall.erasure/2"}\nno line\n${await state.read(path)}`);
    let count = 0;
    await readErasureFile(state, path, () => {
      count += 1;
    });
    expect(count).toBe(1);
  });

  it('whose key is gone is not read: nobody would know what was erased', async () => {
    await erase(1, 'a');
    for (const { name } of await state.list(keysFolder)) await state.remove(`${keysFolder}/${name}`);
    await expect(open()).rejects.toThrow('a key that is gone');
  });

  it('of the former version concerns only who asks for erasures', async () => {
    const erasure = { schema: 'rollcall.erasure/1', at: timeAt(1), subject: 'ab'.repeat(32), engine };
    await state.write(
      'forgotten/former/erasures/1.jsonl',
      `${JSON.stringify({ ...erasure, templates: [] })}\n`,
    );
    const reader = createForgetReader(state, { engine, account });
    await reader.refresh({ onEntry: () => {} });
    const erased: string[] = [];
    const all = createForgetReader(state, { engine, account });
    await all.refresh({ onEntry: () => {}, onErasure: (_, called) => erased.push(called) });
    expect(erased).toEqual(['former']);
  });
});

describe('a look at the list', () => {
  it('reads no file again that did not grow, and the keys only for an entry of a new one', async () => {
    for (const minute of [1, 2, 3]) await enter('forget', minute, `s-${minute}`);
    await erase(4, 's-1');
    const { on, read, listed } = watched();
    const subjects = createForgottenSubjects({ state: on, engine, account });
    const looks = async () => {
      read.length = 0;
      listed.length = 0;
      await subjects.refresh();
      return { read: read.length, keys: listed.filter((path) => path === keysFolder).length };
    };
    expect(await looks()).toEqual({ read: 4, keys: 1 });
    expect(await looks()).toEqual({ read: 0, keys: 0 });
    await enter('forget', 5, 's-5');
    expect(await looks()).toEqual({ read: 1, keys: 0 });
    expect(['s-1', 's-3', 's-5', 's-4'].map(subjects.isForgotten)).toEqual([true, true, true, false]);
  });

  it('is a rare one at what seldom changes: the first and every sixth after it', async () => {
    const { on, listed } = watched();
    const subjects = createForgottenSubjects({ state: on, engine, account, runId: 'run-1' });
    for (let look = 0; look < 13; look += 1) await subjects.refresh();
    const count = (path: string) => listed.filter((one) => one === path).length;
    expect([count(list), count('runs/run-1/forget-list'), count('forgotten')]).toEqual([13, 3, 3]);
  });

  it('is not at the list of a run that has none', async () => {
    const { on, listed } = watched();
    await createForgottenSubjects({ state: on, engine, account }).refresh();
    expect(listed.filter((path) => path.startsWith('runs'))).toEqual([]);
  });
});

describe('a subject', () => {
  it('is forgotten since its latest entry, in whatever order they are read', async () => {
    for (const minute of [5, 7, 3]) await enter('forget', minute, 'a');
    expect((await open()).find('a')).toMatchObject({
      since: Date.parse(timeAt(7)),
      latestAt: Date.parse(timeAt(7)),
    });
    await enter('allow', 9, 'a');
    expect((await open()).find('a')).toMatchObject({
      since: 0,
      latestAt: Date.parse(timeAt(9)),
      isOwn: false,
    });
    expect((await open()).find('b')).toBeUndefined();
  });

  it('has one mark for each key, and for each account of the former version', async () => {
    await enter('forget', 1, 'a');
    expect((await open()).marksOf('a')).toEqual([(await keyForEntries(state)).subjectMark(engine, 'a')]);
    await state.write('forgotten/former/list/notes.txt', '');
    const marks = (await open()).marksOf('a');
    expect(new Set(marks).size).toBe(2);
    for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is erased at each spelling of its account, and at no other account', async () => {
    const other = { engine, engineUrl: 'https://e' };
    await writeAccountAlias(state, { account, called: 'called', ...other });
    await writeAccountAlias(state, { account: 'third', called: 'another', ...other });
    for (const at of ['called', 'third'] as const) await erase(far, at, { at });
    const subjects = await open();
    expect(subjects.find('called')?.erasedAt).toBe(Date.parse(timeAt(far)));
    expect(subjects.find('third')).toBeUndefined();
  });
});

describe('a template', () => {
  const asked = (subjectId = 'b') => ({ subjectId, templateId: 'T-a' });

  it('is nobody’s where none was erased', async () => {
    await enter('forget', 1, 'a');
    const subjects = await open();
    expect([subjects.isAnyErased(), subjects.isErased(asked())]).toEqual([false, false]);
  });

  it.each<[string, readonly (readonly ['forget' | 'allow', number])[], boolean]>([
    ['was not taken back', [], true],
    ['was taken back since', [['allow', far + 1]], false],
    ['was taken back in that moment', [['allow', far]], true],
    ['was taken back before', [['allow', far - 1]], true],
    [
      'was taken back since, and forgotten again',
      [
        ['allow', far + 1],
        ['forget', far + 2],
      ],
      true,
    ],
    [
      'was taken back since, and forgotten again in that moment',
      [
        ['allow', far + 1],
        ['forget', far + 1],
      ],
      true,
    ],
    [
      'was forgotten again, and taken back',
      [
        ['forget', far + 1],
        ['allow', far + 2],
      ],
      false,
    ],
  ])('is refused to another while the one it was erased for %s', async (_, entries, expected) => {
    await enter('forget', 1, 'a');
    await erase(far, 'a');
    for (const [kind, minute] of entries) await enter(kind, minute, 'a');
    const subjects = await open();
    expect(subjects.isAnyErased()).toBe(true);
    expect(subjects.isErased(asked())).toBe(expected);
    expect(subjects.isErased(asked('a'))).toBe(false);
  });

  it('is refused where one of several that it was erased for was not taken back', async () => {
    await enter('forget', 1, 'a', 'c');
    for (const subject of ['a', 'c']) await erase(far, subject, { templateId: 'T-a' });
    await enter('allow', far + 1, 'a');
    const subjects = await open();
    expect(['a', 'b', 'c'].map((subject) => subjects.isErased(asked(subject)))).toEqual([true, true, false]);
  });

  it('is refused by whichever of two keys it was erased with, as of its latest erasure', async () => {
    await enter('forget', 1, 'a');
    await erase(far, 'a');
    await erase(far + 5, 'a');
    await erase(far + 1, 'a');
    await enter('allow', far + 3, 'a');
    const first = `${keysFolder}/${(await keyForEntries(state)).id}.json`;
    const kept = String(await state.read(first));
    for (const path of [first, 'forgotten/key.json']) await state.remove(path);
    await enter('forget', 1, 'c');
    await state.write(first, kept);
    expect((await open()).isErased(asked())).toBe(true);
  });
});

describe('what the ledger says of a subject holds no more', () => {
  const time = (minute: number) => Date.parse(timeAt(minute));
  const never = Number.NEGATIVE_INFINITY;
  it.each<[string, readonly (readonly ['forget' | 'allow' | 'erased', number])[], number]>([
    ['never, of one who was not erased', [['forget', far]], never],
    ['never, of one of whom nothing is known', [], never],
    [
      'at any time, while it is forgotten',
      [
        ['forget', far - 9],
        ['erased', far],
      ],
      Number.POSITIVE_INFINITY,
    ],
    [
      'at any time, also if it was erased at once',
      [
        ['forget', far],
        ['erased', far],
      ],
      Number.POSITIVE_INFINITY,
    ],
    [
      'up to its erasure, once it is taken back',
      [
        ['forget', 1],
        ['erased', far],
        ['allow', far + 1],
      ],
      time(far),
    ],
    [
      'up to its erasure, once it is to be erased again',
      [
        ['erased', far],
        ['forget', far + 1],
      ],
      time(far),
    ],
    ['up to its erasure, of one who is on no list', [['erased', far]], time(far)],
  ])('%s', async (_, all, expected) => {
    for (const [kind, minute] of all) {
      if (kind === 'erased') await erase(minute, 'a');
      else await enter(kind, minute, 'a');
    }
    const erased = await openErasedSubjects(state, { engine, account });
    expect(erased.voidUntil('a')).toBe(expected);
    const isVoid = (minute: number) => erased.isVoid({ subjectId: 'a', at: timeAt(minute) });
    const voids = [1, far - 1, far, far + 1].map(isVoid);
    expect(voids).toEqual([1, far - 1, far, far + 1].map((minute) => time(minute) <= expected));
    expect(erased.isForgotten('a')).toBe(all.findLast(([kind]) => kind !== 'erased')?.[0] === 'forget');
  });
});
