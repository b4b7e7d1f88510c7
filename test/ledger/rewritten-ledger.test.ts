import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compactLedger, pickCompactionCandidates } from '../../src/ledger/compact-ledger.ts';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { basePath, deltaPath, listLedgerFiles } from '../../src/ledger/ledger-files.ts';
import { purgeLedger } from '../../src/ledger/purge-ledger.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from './ledger-events.ts';

const account = 'account';
const { signal } = new AbortController();
let folder: TemporaryFolder;
let state: StateStore;
let leases: ReturnType<typeof createMemoryLeases>;
let asked: string[];

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
  asked = [];
  leases = createMemoryLeases((step, key) => void asked.push(`${step} ${key}`));
});
afterEach(() => folder.remove());

const event = (subjectId: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', subjectId, photo: '/1.jpg', templateId: 'T', at: timeAt(1), source: '/s' },
  ...more,
});
const linesOf = (events: readonly LedgerEvent[]) => events.map((each) => JSON.stringify(each));
const delta = (run: string) => deltaPath(account, { run, epoch: 1 });
const write = (path: string, lines: readonly string[]) =>
  state.write(path, lines.map((line) => `${line}\n`).join(''));
const paths = async () => (await listLedgerFiles(state, account)).map(({ path }) => path);
/** All lines that are there, sorted. */
async function lines(): Promise<string[]> {
  const texts = await Promise.all((await paths()).map(async (path) => String(await state.read(path))));
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
const inUse = { key: `ledger-${account}`, holder: 'elsewhere:1:1', durationInMs: 60_000, minEpoch: 0 };
/** A state in which a file vanishes as its lines are read. */
const vanishing = (path: string): StateStore => ({
  ...state,
  async *readLines(from, options) {
    if (from === path) await state.remove(path);
    yield* state.readLines(from, options);
  },
});
const full = (): StateStore => ({
  ...state,
  openWriter: async (path) => ({
    ...(await state.openWriter(path)),
    write: () => Promise.reject(new Error('no room')),
  }),
});
const leftovers = async () =>
  (await state.list(`ledger/${account}`)).filter(({ isFolder }) => !isFolder).map(({ name }) => name);

describe('a ledger that is drawn together', () => {
  const compact = (on = state, more: Partial<Parameters<typeof compactLedger>[0]> = {}) =>
    compactLedger({ state: on, leases, account, signal, ...more });
  const addOthers = async (count: number) => {
    for (let number = 0; number < count; number += 1) await write(delta(`other-${number}`), []);
  };

  const verdict = (code: string | undefined, stored: 'yes' | 'no' | 'unknown', minute: number) =>
    event('a', { kind: 'rejected', stored, at: timeAt(minute), ...(code !== undefined && { code }) });
  const old = event('a');
  const twin = event('a', { sha256: 'aa' });
  const later = event('a', { at: timeAt(3) });
  const seen = event('a', { seenAt: timeAt(9) });
  const of = (run: string, minute: number) => event('a', { run, at: timeAt(minute) });
  const sawAgain = event('a', { run: 'q', at: timeAt(1), seenAt: timeAt(9) });
  const refused = (run: string, minute: number) => ({ ...verdict('5', 'no', minute), run });
  const undone = event('a', { kind: 'undone', run: 'r', at: timeAt(4) });
  it.each<[string, readonly LedgerEvent[], readonly LedgerEvent[]]>([
    ['the newest of a photo', [old, later, event('a', { at: timeAt(2) })], [later]],
    ['the one that was seen last', [old, seen], [seen]],
    ['both of two that say different things at one time', [old, old, twin, twin], [old, twin]],
    ['one of two that are the same', [old, old], [old]],
    ['one of each photo', [old, event('a', { photo: '/2.jpg' })], [old, event('a', { photo: '/2.jpg' })]],
    ['one of each subject', [old, event('b')], [old, event('b')]],
    ['one of each kind', [later, event('a', { kind: 'unclear' })], [later, event('a', { kind: 'unclear' })]],
    [
      'the newest of each verdict',
      [verdict('5', 'no', 1), verdict('5', 'no', 2), verdict('6', 'no', 1)],
      [verdict('5', 'no', 2), verdict('6', 'no', 1)],
    ],
    [
      'a verdict of what was stored beside one of what was not',
      [verdict('5', 'no', 1), verdict('5', 'yes', 2)],
      [verdict('5', 'no', 1), verdict('5', 'yes', 2)],
    ],
    [
      'one of verdicts of what was stored, or perhaps',
      [verdict('5', 'unknown', 1), verdict('5', 'yes', 2)],
      [verdict('5', 'yes', 2)],
    ],
    [
      'a verdict without a code beside one with one',
      [verdict(undefined, 'no', 1), verdict('5', 'no', 2)],
      [verdict(undefined, 'no', 1), verdict('5', 'no', 2)],
    ],
    ['a kind of a later version', [event('a', { kind: 'later' })], [event('a', { kind: 'later' })]],
    ['of two runs both', [of('r', 1), of('q', 3), of('r', 2)], [of('q', 3), of('r', 2)]],
    ['of three runs the latest two', [of('q', 2), of('p', 1), of('r', 3)], [of('q', 2), of('r', 3)]],
    [
      'what was seen again beside the call',
      [of('r', 1), sawAgain, of('q', 0)],
      [of('r', 1), sawAgain, of('q', 0)],
    ],
    ['of verdicts without a template one', [refused('r', 1), refused('q', 2)], [refused('q', 2)]],
    ['what was undone beside what it was', [of('r', 1), undone], [of('r', 1), undone]],
    ['nothing of who was erased', [event('erased'), old], [old]],
  ])('keeps %s', async (_, events, expected) => {
    const half = Math.ceil(events.length / 2);
    await write(delta('one'), linesOf(events.slice(0, half)));
    await write(delta('two'), linesOf(events.slice(half)));
    await addOthers(6);
    const isVoid = ({ subjectId }: LedgerEvent) => subjectId === 'erased';
    expect(await compact(state, { isVoid })).toBe(8);
    expect(await lines()).toEqual(linesOf(expected).sort());
    expect(await paths()).toHaveLength(1);
  });

  it('is one file of the next number, and keeps what is damaged or of a later version', async () => {
    const foreign = '{"schema":"rollcall.ledger/2"}';
    await write(basePath(account, { number: 7, random: 'ab' }), [foreign, 'no line', ...linesOf([old])]);
    await addOthers(7);
    expect(await compact()).toBe(8);
    expect(await lines()).toEqual([foreign, 'no line', ...linesOf([old])].sort());
    expect((await listLedgerFiles(state, account)).map(({ number }) => number)).toEqual([8]);
    expect(leases.held.size).toBe(0);
  });

  it('is left alone, and nobody is kept from it, while it has few files', async () => {
    await addOthers(7);
    expect(await compact()).toBe(0);
    expect(asked).toEqual([]);
    expect(await paths()).toHaveLength(7);
  });

  it('is left alone where another process had drawn it together meanwhile', async () => {
    await addOthers(8);
    const acquire: typeof leases.acquire = async (lease) => {
      for (const path of (await paths()).slice(1)) await state.remove(path);
      return leases.acquire(lease);
    };
    expect(await compact(state, { leases: { ...leases, acquire } })).toBe(0);
    expect(await paths()).toHaveLength(1);
  });

  it('is left as it was where a file vanishes, the disk is full, or the command ends', async () => {
    await write(delta('one'), linesOf([old]));
    await addOthers(8);
    await write(delta('gone'), linesOf([event('b')]));
    expect(await compact(vanishing(delta('gone')))).toBe(0);
    await expect(compact(full())).rejects.toThrow('no room');
    const ended = AbortSignal.abort(new Error('over'));
    await expect(compact(state, { signal: ended })).rejects.toThrow('over');
    expect(await lines()).toEqual(linesOf([old]));
    expect(await paths()).toHaveLength(9);
    expect(await leftovers()).toEqual([]);
    expect(leases.held.size).toBe(0);
  });

  const mb = 1024 * 1024;
  const eight = (size: number) => Array.from({ length: 8 }, () => size);
  it.each<[string, readonly number[], number]>([
    ['all of eight', eight(5), 8],
    ['none of seven', eight(5).slice(1), 0],
    ['one of twice their size, too', [...eight(mb), 16 * mb], 9],
    ['none of more than that', [...eight(mb), 16 * mb + 1], 8],
    ['one of a MiB, however small the others are', [...eight(1), mb], 9],
    ['none that is larger than that', [...eight(1), mb + 1], 8],
    ['the large ones, where the small ones are few', [1, ...eight(50 * mb)], 8],
    ['none where they are of all sizes', Array.from({ length: 9 }, (_, power) => 4 ** power * mb), 0],
  ])('is chosen by the sizes of its files: %s', (_, sizes, expected) => {
    const files = sizes.map((sizeInBytes, index) => ({ path: `${index}`, sizeInBytes, number: 0 }));
    expect(pickCompactionCandidates(files)).toHaveLength(expected);
    expect(pickCompactionCandidates([...files].reverse())).toHaveLength(expected);
  });
});

describe('a ledger out of which a subject is taken', () => {
  const purge = (on = state, more: Partial<Parameters<typeof purgeLedger>[0]> = {}) =>
    purgeLedger({ state: on, leases, account, subjects: new Set(['Zoë'.normalize('NFC')]), signal, ...more });
  const kept = [...linesOf([event('b')]), 'no line', '{"schema":"rollcall.ledger/2"}'];
  const named = linesOf([event('Zoë'.normalize('NFD')), event(` ${'Zoë'.normalize('NFC')}\u00a0`)]);

  it('names it no more, and says of others what it said', async () => {
    const base = basePath(account, { number: 4, random: 'ab' });
    await write(delta('one'), [...kept, ...named]);
    await write(base, [...named]);
    await write(delta('two'), linesOf([event('c')]));
    expect(await purge()).toBe(true);
    expect(await lines()).toEqual([...kept, ...linesOf([event('c')])].sort());
    const left = await listLedgerFiles(state, account);
    expect(left.map(({ path }) => path)).toContain(delta('two'));
    expect(left.map(({ number }) => number).sort()).toEqual([0, 5, 5]);
    expect(leases.held.size).toBe(0);
  });

  it('is not touched, and nobody kept from it, where it does not name it', async () => {
    await write(delta('one'), kept);
    expect(await purge()).toBe(true);
    expect(await paths()).toEqual([delta('one')]);
    expect(asked).toEqual([]);
    expect(await lines()).toEqual([...kept].sort());
  });

  it('is left as it was while another process rewrites it', async () => {
    await write(delta('one'), named);
    await leases.acquire(inUse);
    expect(await purge()).toBe(false);
    expect(await lines()).toEqual([...named].sort());
  });

  it('is whole where a file vanishes, the disk is full, or the command ends', async () => {
    await write(delta('one'), [...kept, ...named]);
    await write(delta('two'), named);
    await expect(purge(full())).rejects.toThrow('no room');
    const ended = AbortSignal.abort(new Error('over'));
    await expect(purge(state, { signal: ended })).rejects.toThrow('over');
    expect((await paths()).sort()).toEqual([delta('one'), delta('two')]);
    expect(await leftovers()).toEqual([]);
    const away: StateStore = {
      ...state,
      async *readLines(from, options) {
        yield* state.readLines(from, options);
        // Another process has merged it by the time that it is copied.
        if (from === delta('two')) await state.remove(from);
      },
    };
    expect(await purge(away)).toBe(true);
    expect(await lines()).toEqual([...kept].sort());
    expect(await paths()).toHaveLength(1);
    expect(leases.held.size).toBe(0);
  });
});
