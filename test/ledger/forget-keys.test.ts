import { createHash, createHmac } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetListFolder, writeForgetEntries } from '../../src/ledger/forget-files.ts';
import { keyForEntries, readForgetKeys } from '../../src/ledger/forget-keys.ts';
import { createForgottenSubjects } from '../../src/ledger/forgotten-subjects.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from './ledger-events.ts';

const engine = 'ooto';
let folder: TemporaryFolder;
let state: StateStore;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(() => folder.remove());

const keysFolder = 'forgotten/keys';
const keyNames = async () => (await state.list('forgotten/keys')).map(({ name }) => name);
const fileOf = async () => `forgotten/keys/${(await keyNames())[0]}`;

async function forget(at: StateStore, ...subjects: string[]) {
  await writeForgetEntries(at, {
    ...{ folder: forgetListFolder(engine), engine, subjects },
    ...{ kind: 'forget', at: timeAt(1) },
  });
}

async function isForgotten(subject: string): Promise<boolean> {
  const list = createForgottenSubjects({ state, engine, account: 'account' });
  await list.refresh();
  return list.isForgotten(subject);
}

describe('the key of a state', () => {
  it('is one, for all who make it at once, and only its user can read it', async () => {
    const asked = Array.from({ length: 20 }, () => keyForEntries(createLocalStateStore(folder.path)));
    const ids = new Set((await Promise.all(asked)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    expect(await keyNames()).toEqual([`${[...ids][0]}.json`]);
    for (const path of [await fileOf(), 'forgotten/key.json'])
      expect((await stat(state.locate(path))).mode & 0o777).toBe(0o600);
    expect((await keyForEntries(state)).id).toBe([...ids][0]);
  });

  it('loses nothing where the store lets the last of two be first', async () => {
    // As an S3 store without conditional writes does: both are told that they were first.
    const blind = (): StateStore => ({
      ...state,
      create: async (path, content) => {
        await state.write(path, content);
        return true;
      },
    });
    await Promise.all(['a', 'b', 'c'].map((subject) => forget(blind(), subject)));
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(isForgotten))).toEqual([true, true, true, false]);
    await forget(state, 'd');
    expect(await isForgotten('d')).toBe(true);
  });

  it('loses nothing where a process dies before it names its key', async () => {
    const create = () => Promise.reject(new Error('died'));
    await expect(forget({ ...state, create }, 'a')).rejects.toThrow('died');
    expect(await keyNames()).toHaveLength(1);
    await forget(state, 'b');
    await forget(state, 'a');
    expect(await Promise.all(['a', 'b', 'c'].map(isForgotten))).toEqual([true, true, false]);
    expect(await keyNames()).toHaveLength(1);
  });

  it('loses nothing where a process was second and dies before it removes its own', async () => {
    const second: StateStore = {
      ...state,
      async write(path, content) {
        await forget(state, 'a');
        await state.write(path, content);
      },
      remove: () => Promise.reject(new Error('died')),
    };
    await expect(forget(second, 'b')).rejects.toThrow('died');
    await forget(state, 'b');
    expect(await Promise.all(['a', 'b', 'c'].map(isForgotten))).toEqual([true, true, false]);
  });

  it('makes marks that nobody can make without it, others in each state and for each engine', async () => {
    await forget(state, 'emp-1');
    const key = await keyForEntries(state);
    const mark = key.subjectMark(engine, 'emp-1');
    const guesses = [
      createHash('sha256').update('emp-1').digest('hex'),
      createHash('sha256').update(`rollcall.forgotten\naccount\nemp-1`).digest('hex'),
      createHmac('sha256', key.id).update(`subject\n${engine}\nemp-1`).digest('hex'),
      createHmac('sha256', '').update(`subject\n${engine}\nemp-1`).digest('hex'),
    ];
    expect(guesses).not.toContain(mark);
    expect(key.subjectMark('verihubs', 'emp-1')).not.toBe(mark);
    expect(key.templateMark(engine, 'emp-1')).not.toBe(mark);
    const other = createLocalStateStore(`${folder.path}/other`);
    expect((await keyForEntries(other)).subjectMark(engine, 'emp-1')).not.toBe(mark);
    const entries = await state.list(forgetListFolder(engine));
    const text = String(await state.read(`${forgetListFolder(engine)}/${entries[0]?.name}`));
    expect(JSON.parse(text)).toMatchObject({ schema: 'rollcall.forgotten/2', key: key.id, subject: mark });
    expect(text).not.toContain('emp-1');
  });

  it('is tried with all others that are there', async () => {
    await forget(state, 'a');
    const first = await fileOf();
    const kept = String(await state.read(first));
    await state.remove('forgotten/key.json');
    await state.remove(first);
    await forget(state, 'b');
    await state.write(first, kept);
    expect([...(await readForgetKeys(state)).keys()]).toHaveLength(2);
    expect(await Promise.all(['a', 'b', 'c'].map(isForgotten))).toEqual([true, true, false]);
  });
});

describe('a list whose key', () => {
  it.each([
    ['is gone', (path: string) => state.remove(path)],
    ['folder is gone', () => state.remove('forgotten/keys')],
    ['is empty', (path: string) => state.write(path, '')],
    ['is torn', (path: string) => state.write(path, '{"schema":"rollcall.forget-key/1","id":')],
    [
      'is another one',
      (path: string) =>
        state.write(path, JSON.stringify({ schema: 'rollcall.forget-key/1', id: 'x', key: 'ab'.repeat(32) })),
    ],
  ])('%s is not read, and nothing is added to it', async (_, damage) => {
    await forget(state, 'a');
    const path = await fileOf();
    await damage(path);
    for (const attempt of [() => isForgotten('b'), () => forget(state, 'b')]) {
      const error = await attempt().catch((thrown) => thrown);
      expect(error).toBeInstanceOf(FaultError);
      expect(error.exitCode).toBe(4);
      expect(error.message).toContain(state.locate(path));
      expect(error.message).toContain('from a backup');
    }
  });

  it('came back is read again', async () => {
    await forget(state, 'a');
    const path = await fileOf();
    const kept = String(await state.read(path));
    await state.remove(path);
    const list = createForgottenSubjects({ state, engine, account: 'account' });
    await expect(list.refresh()).rejects.toThrow('a key that is gone');
    await state.write(path, kept);
    await list.refresh();
    expect(list.isForgotten('a')).toBe(true);
  });
});

describe('keys', () => {
  it('are those with the name of one that can be read, and what else lies there is none', async () => {
    await forget(state, 'a');
    const { id } = await keyForEntries(state);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    await state.write(`${keysFolder}/notes.txt`, 'none');
    await state.write(`${keysFolder}/gone.json`, 'x');
    const read: StateStore['read'] = async (path) =>
      path.endsWith('/gone.json') ? undefined : state.read(path);
    const subjects = createForgottenSubjects({ state: { ...state, read }, engine, account: 'account' });
    await subjects.refresh();
    expect(subjects.isForgotten('a')).toBe(true);
  });

  it('are not made anew where it cannot be read which one is used', async () => {
    await forget(state, 'a');
    for (const text of ['', '{"schema":"rollcall.forget-key/1"}', 'null']) {
      await state.write('forgotten/key.json', text);
      await expect(forget(state, 'b')).rejects.toThrow(`${state.locate('forgotten/key.json')} is damaged`);
    }
    expect(await state.list(keysFolder)).toHaveLength(1);
  });

  it('that are gone are said to be gone', async () => {
    await forget(state, 'a');
    const { id } = await keyForEntries(state);
    await state.remove(`${keysFolder}/${id}.json`);
    await expect(forget(state, 'b')).rejects.toThrow('needs a key that is gone');
  });

  it('that several left unnamed are named in one order, whatever the store’s', async () => {
    for (let count = 0; count < 4; count += 1) {
      await state.remove('forgotten/key.json');
      const others = await state.list(keysFolder);
      // As if each had been there alone.
      const names: StateStore['list'] = async (path) => (path === keysFolder ? [] : state.list(path));
      await keyForEntries({ ...state, list: names });
      expect(await state.list(keysFolder)).toHaveLength(others.length + 1);
    }
    const ids = (await state.list(keysFolder)).map(({ name }) => name.replace('.json', '')).sort();
    for (const turn of [(names: unknown[]) => names, (names: unknown[]) => names.reverse()]) {
      await state.remove('forgotten/key.json');
      const turned: StateStore['list'] = async (path) => turn([...(await state.list(path))]) as never;
      expect((await keyForEntries({ ...state, list: turned })).id).toBe(ids[0]);
    }
    expect(await state.list(keysFolder)).toHaveLength(4);
  });

  it.each([
    ['its own, which nobody else can know', false, 1],
    ['none that lay there before, which somebody may use', true, 2],
  ])('are made by many at once, of whom the second removes %s', async (_, isFound, left) => {
    const other = createLocalStateStore(`${folder.path}/other`);
    const { id } = await keyForEntries(other);
    const text = String(await other.read(`${keysFolder}/${id}.json`));
    if (isFound) {
      await keyForEntries(state);
      await state.remove('forgotten/key.json');
    }
    const create: StateStore['create'] = async (path, content) => {
      await state.write(`${keysFolder}/${id}.json`, text);
      await state.write(path, JSON.stringify({ ...JSON.parse(content), current: id }));
      return false;
    };
    expect((await keyForEntries({ ...state, create })).id).toBe(id);
    expect(await state.list(keysFolder)).toHaveLength(left);
  });

  it('stay where the first of two named the same', async () => {
    const create: StateStore['create'] = async (path, content) => {
      await state.write(path, content);
      return false;
    };
    const { id } = await keyForEntries({ ...state, create });
    expect((await keyForEntries(state)).id).toBe(id);
  });
});
