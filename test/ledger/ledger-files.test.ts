import { describe, expect, it } from 'vitest';
import {
  basePath,
  deltaPath,
  type LedgerFile,
  listLedgerFiles,
  readLedger,
  readLedgerFile,
} from '../../src/ledger/ledger-files.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { timeAt } from './ledger-events.ts';

const account = 'account';
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const lineOf = (subjectId: string) =>
  `${JSON.stringify({
    schema: 'rollcall.ledger/1',
    ...{ kind: 'enrolled', subjectId, photo: '/1.jpg', at: timeAt(1), source: '/s' },
  })}\n`;
const delta = (run: string) => deltaPath(account, { run, epoch: 1 });
const base = (number: number) => basePath(account, { number, random: 'ab12' });

it('the files of a ledger are its deltas and bases, and nothing else that lies there', async () => {
  for (const path of [delta('one'), delta('two'), base(3), base(12)]) await state.write(path, lineOf('a'));
  const others = [
    'snapshot.bin',
    'base-x-ab.jsonl',
    'base-3-ab.jsonl.tmp',
    'base-3.jsonl',
    'xbase-3-ab.jsonl',
  ];
  for (const name of [...others, 'deltas/one-1.jsonl.tmp', 'deltas/notes.txt'])
    await state.write(`ledger/${account}/${name}`, '');
  await state.write(deltaPath('another', { run: 'one', epoch: 1 }), '');
  const sizeInBytes = lineOf('a').length;
  const expected = [
    [delta('one'), 0],
    [delta('two'), 0],
    [base(3), 3],
    [base(12), 12],
  ].map(([path, number]) => ({ path, number, sizeInBytes }));
  const found = await listLedgerFiles(state, account);
  expect(found).toHaveLength(4);
  expect(found).toEqual(expect.arrayContaining(expected));
  expect(await listLedgerFiles(state, 'none')).toEqual([]);
});

describe('a file of the ledger', () => {
  const path = delta('one');
  const gone = () => state.remove(path);
  /** What happens once its first lines are read; `isShort`: the rest is not. */
  async function read(text: string, then: () => Promise<void>, isShort = false) {
    await state.write(path, text);
    const file: LedgerFile = { path, number: 0, sizeInBytes: Buffer.byteLength(text) };
    const racing: StateStore = {
      ...state,
      async *readLines(from, options) {
        const end = isShort ? { end: lineOf('a').length } : {};
        yield* state.readLines(from, { ...options, ...end });
        await then();
      },
    };
    let lines = 0;
    const isWhole = await readLedgerFile(racing, file, (some) => {
      lines += some.length;
    });
    return { lines, isWhole };
  }
  const fails = async () => {
    throw new Error('the disk is away');
  };
  const nothing = async () => {};

  it.each<[string, string, () => Promise<void>, boolean, object]>([
    ['is there', lineOf('a') + lineOf('b'), nothing, false, { lines: 2, isWhole: true }],
    ['is empty', '', nothing, false, { lines: 0, isWhole: true }],
    ['has a damaged end', `${lineOf('a')}{"schem`, nothing, false, { lines: 2, isWhole: true }],
    ['is gone once it was read', lineOf('a') + lineOf('b'), gone, false, { lines: 2, isWhole: true }],
    ['is gone before its end', lineOf('a') + lineOf('b'), gone, true, { lines: 1, isWhole: false }],
    ['is gone with a fault', lineOf('a'), () => gone().then(fails), false, { lines: 1, isWhole: false }],
  ])('that %s is whole or it is not', async (_, text, then, isShort, expected) => {
    expect(await read(text, then, isShort)).toEqual(expected);
  });

  it('that is there and cannot be read is a fault', async () => {
    await expect(read(lineOf('a'), fails)).rejects.toThrow('the disk is away');
  });
});

describe('the ledger', () => {
  async function subjects(on: StateStore = state, more: Partial<Parameters<typeof readLedger>[1]> = {}) {
    const found: string[] = [];
    await readLedger(on, { account, onEvent: ({ subjectId }) => found.push(subjectId), ...more });
    return found.sort();
  }

  it('is read once, without what is damaged, and without what is known', async () => {
    await state.write(delta('one'), `${lineOf('a')}no line\n{}\n${lineOf('b')}`);
    await state.write(base(1), lineOf('c'));
    expect(await subjects()).toEqual(['a', 'b', 'c']);
    let batches = 0;
    const afterBatch = async () => {
      batches += 1;
    };
    expect(await subjects(state, { except: new Set([base(1)]), afterBatch })).toEqual(['a', 'b']);
    expect(batches).toBe(1);
  });

  it.each([
    ['in a line', `${lineOf('a')}{"schema":"rollc`, ['a'], [lineOf('a').length]],
    ['in its only line', '{"schema":"rollc', [], [0]],
    ['behind a line but for its newline', `${lineOf('a')}${lineOf('b').trimEnd()}`, ['a', 'b'], []],
  ])('that was cut off %s is not taken for whole', async (_, text, expected, places) => {
    await state.write(delta('one'), text);
    const unread: number[] = [];
    const onUnread = ({ offset }: { offset: number }) => unread.push(offset);
    expect(await subjects(state, { onUnread })).toEqual(expected);
    expect(unread).toEqual(places);
  });

  it('is read whole where a file is merged into another meanwhile', async () => {
    for (const name of ['a', 'b', 'c']) await state.write(delta(name), lineOf(name));
    let isMerged = false;
    const merging: StateStore = {
      ...state,
      async *readLines(path, options) {
        if (!isMerged) {
          isMerged = true;
          await state.write(base(1), lineOf('a') + lineOf('b') + lineOf('c'));
          for (const name of ['a', 'b', 'c']) await state.remove(delta(name));
        }
        yield* state.readLines(path, options);
      },
    };
    expect(new Set(await subjects(merging))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('is read no further once the signal is aborted', async () => {
    await state.write(delta('one'), lineOf('a'));
    const signal = AbortSignal.abort(new Error('over'));
    await expect(subjects(state, { signal })).rejects.toThrow('over');
  });
});
