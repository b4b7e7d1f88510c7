import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createErasureLog,
  erasureLogFolder,
  forgetListFolder,
  runForgetListFolder,
  writeForgetEntries,
} from '../../src/ledger/forget-files.ts';
import { createForgottenSubjects } from '../../src/ledger/forgotten-subjects.ts';
import { planErasure } from '../../src/runs/erasure/plan-erasure.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { timeAt } from './ledger-events.ts';

const engine = 'ooto';
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

/** As version 0.1.0 made them. */
const formerMark = (account: string, subjectId: string) =>
  createHash('sha256')
    .update(`rollcall.forgotten\n${account}\n${subjectId.normalize('NFC')}`)
    .digest('hex');

type Given = readonly [account: string, kind: 'forget' | 'allow' | 'erased', minute: number, subject: string];

async function lay(...all: readonly Given[]) {
  for (const [index, [account, kind, minute, subjectId]] of all.entries()) {
    const subject = formerMark(account, subjectId);
    const at = timeAt(minute);
    const line =
      kind === 'erased'
        ? { schema: 'rollcall.erasure/1', at, subject, engine, templates: [] }
        : { schema: 'rollcall.forgotten/1', kind, subject, at };
    const place = kind === 'erased' ? 'erasures' : 'list';
    await state.write(`forgotten/${account}/${place}/${index}.jsonl`, `${JSON.stringify(line)}\n`);
  }
}

const enter = (kind: 'forget' | 'allow', minute: number, ...subjects: string[]) =>
  writeForgetEntries(state, {
    ...{ folder: forgetListFolder(engine), engine, subjects },
    ...{ kind, at: timeAt(minute) },
  });

async function open(account = 'aaaa', runId?: string) {
  const list = createForgottenSubjects({ state, engine, account, runId });
  await list.refresh();
  return list;
}

describe('a forget list of the former version', () => {
  it.each<[string, readonly Given[], boolean]>([
    ['of this account', [['aaaa', 'forget', 1, 'a']], true],
    ['of another app id', [['bbbb', 'forget', 1, 'a']], true],
    ['in another form of Unicode', [['bbbb', 'forget', 1, 'Zoe\u0308']], true],
    ['of another subject', [['aaaa', 'forget', 1, 'b']], false],
    [
      'taken back there',
      [
        ['bbbb', 'forget', 1, 'a'],
        ['bbbb', 'allow', 2, 'a'],
      ],
      false,
    ],
    [
      'taken back at one of two',
      [
        ['bbbb', 'forget', 1, 'a'],
        ['cccc', 'forget', 1, 'a'],
        ['bbbb', 'allow', 2, 'a'],
      ],
      true,
    ],
    [
      'taken back and forgotten again',
      [
        ['bbbb', 'forget', 3, 'a'],
        ['bbbb', 'allow', 2, 'a'],
      ],
      true,
    ],
    [
      'of two entries at one time',
      [
        ['bbbb', 'forget', 2, 'a'],
        ['bbbb', 'allow', 2, 'a'],
      ],
      true,
    ],
  ])('%s counts for every account', async (_, given, expected) => {
    await lay(...given);
    for (const account of ['aaaa', 'dddd']) {
      const list = await open(account);
      expect(list.isForgotten('a') || list.isForgotten('Zoë')).toBe(expected);
    }
  });

  it('is taken back by this version, and entered again', async () => {
    await lay(['bbbb', 'forget', 1, 'a'], ['cccc', 'forget', 2, 'a']);
    await enter('allow', 3, 'a');
    expect((await open()).isForgotten('a')).toBe(false);
    await enter('forget', 4, 'a');
    expect((await open()).isForgotten('a')).toBe(true);
  });

  it('says what was erased of its own account alone', async () => {
    await lay(['bbbb', 'forget', 1, 'a'], ['bbbb', 'erased', 2, 'a']);
    expect((await open('bbbb')).find('a')?.erasedAt).toBe(Date.parse(timeAt(2)));
    expect((await open('aaaa')).find('a')?.erasedAt).toBe(0);
    const plan = (account: string) => planErasure(state, { engine, account, subjects: ['a'] });
    expect(await plan('bbbb')).toMatchObject({ pending: [], toList: ['a'] });
    expect(await plan('aaaa')).toMatchObject({ pending: ['a'], toList: [] });
  });

  it('goes on with a command that the former version did not end', async () => {
    await lay(['aaaa', 'forget', 1, 'a'], ['aaaa', 'erased', 2, 'a']);
    const both = ['a', 'b'].map((subjectId) => ({
      ...{ schema: 'rollcall.forgotten/1', kind: 'forget' },
      ...{ subject: formerMark('aaaa', subjectId), at: timeAt(1) },
    }));
    await state.write(
      'forgotten/aaaa/list/0.jsonl',
      both.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
    );
    const plan = await planErasure(state, { engine, account: 'aaaa', subjects: ['a', 'b'] });
    expect(plan).toMatchObject({ done: ['a'], pending: ['b'], toList: [] });
  });

  it('may be a run’s own', async () => {
    const entry = { kind: 'forget', subject: formerMark('aaaa', 'own'), at: timeAt(1) };
    const line = { schema: 'rollcall.forgotten/1', ...entry };
    await state.write(`${runForgetListFolder('run-1')}/0.jsonl`, `${JSON.stringify(line)}\n`);
    expect((await open('aaaa', 'run-1')).isForgotten('own')).toBe(true);
    expect((await open('aaaa')).isForgotten('own')).toBe(false);
  });
});

describe('a file that grew is read again', () => {
  it('of the forget list', async () => {
    await enter('forget', 1, 'a');
    const list = await open();
    await enter('forget', 2, 'b');
    const names = (await state.list(forgetListFolder(engine))).map(({ name }) => name);
    const [grown = '', added = ''] = names.map((name) => `${forgetListFolder(engine)}/${name}`);
    const text = `${await state.read(grown)}${await state.read(added)}`;
    await state.remove(added);
    await state.write(grown, text);
    await list.refresh();
    expect([list.isForgotten('a'), list.isForgotten('b')]).toEqual([true, true]);
  });

  it('of the erasure log', async () => {
    await enter('forget', 1, 'a', 'b');
    const log = createErasureLog(state, { engine, account: 'aaaa' });
    const append = (subjectId: string) =>
      log.append({
        ...{ subjectId, notBefore: 0 },
        templates: [{ templateId: `T-${subjectId}`, existed: true, at: timeAt(3) }],
      });
    await append('a');
    const list = await open();
    expect(list.find('b')?.erasedAt).toBe(0);
    await append('b');
    await list.refresh();
    expect(list.find('b')?.erasedAt).toBeGreaterThan(0);
    expect(list.isErased({ subjectId: 'c', templateId: 'T-b' })).toBe(true);
    await log.close();
    expect(await state.list(erasureLogFolder(engine))).toHaveLength(1);
  });
});

describe('a template id that was erased', () => {
  const uuid = '412d0030-ff93-5f18-be2a-bf70e4cc0b18';

  async function erase(subjectId: string, account: string, ...templateIds: string[]) {
    const log = createErasureLog(state, { engine, account });
    const templates = templateIds.map((templateId) => ({ templateId, existed: true, at: timeAt(3) }));
    await log.append({ subjectId, notBefore: Date.parse(timeAt(3)), templates });
    await log.close();
  }

  it.each<[string, { subjectId: string; templateId: string }, boolean]>([
    ['for another subject', { subjectId: 'b', templateId: uuid }, true],
    ['in another case', { subjectId: 'b', templateId: uuid.toUpperCase() }, true],
    ['for the subject in another form of Unicode', { subjectId: 'Zoe\u0308', templateId: uuid }, false],
    ['which is not one', { subjectId: 'b', templateId: 'emp-1' }, true],
    ['which is another one', { subjectId: 'b', templateId: 'EMP-1' }, false],
    ['like it', { subjectId: 'b', templateId: `${uuid.slice(0, -1)}9` }, false],
  ])('is refused %s: %j', async (_, enrollment, expected) => {
    await enter('forget', 1, 'Zoë');
    await erase('Zoë', 'bbbb', uuid, 'emp-1');
    for (const account of ['aaaa', 'bbbb']) expect((await open(account)).isErased(enrollment)).toBe(expected);
  });

  it('is free again once its subject is taken off the list, until it is forgotten again', async () => {
    await enter('forget', 1, 'a');
    await erase('a', 'aaaa', uuid);
    const asked = { subjectId: 'b', templateId: uuid };
    const later = 60 * 24 * 365 * 200;
    await enter('allow', later, 'a');
    expect((await open()).isErased(asked)).toBe(false);
    await enter('forget', later + 1, 'a');
    expect((await open()).isErased(asked)).toBe(true);
  });
});
