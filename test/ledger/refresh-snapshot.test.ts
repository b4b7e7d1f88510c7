import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { fileOf, most, offsetOf, sourceOf } from '../../src/ledger/snapshot/entry.ts';
import { DamagedTable } from '../../src/ledger/snapshot/read-table.ts';
import {
  refreshSnapshot,
  sourceMark,
  whenNightBegins,
  whenNightEnds,
  whenPurged,
} from '../../src/ledger/snapshot/refresh-snapshot.ts';
import { openSnapshot, openTableOf, snapshotPath } from '../../src/ledger/snapshot/snapshot.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { timeAt } from './ledger-events.ts';

const account = 'account';
const path = snapshotPath(account);
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const event = (subjectId: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: ledgerSchemaName,
  ...{
    kind: 'enrolled',
    subjectId,
    photo: `/x/${subjectId}.jpg`,
    at: timeAt(1),
    source: '/s',
    idFrom: 'list',
  },
  ...more,
});
const fileOfRun = (run: string) => deltaPath(account, { run, epoch: 1 });
const textOf = (events: readonly LedgerEvent[]) => events.map((each) => `${JSON.stringify(each)}\n`).join('');
const add = (run: string, ...events: readonly LedgerEvent[]) => state.write(fileOfRun(run), textOf(events));
/** A file of about so many bytes, which says of one subject over and over what is known. */
const addLarge = (run: string, sizeInBytes: number) => {
  const line = textOf([event('large', { photo: `/x/${'p'.repeat(10_000)}.jpg` })]);
  return state.write(fileOfRun(run), line.repeat(Math.ceil(sizeInBytes / line.length)));
};

type Options = Parameters<typeof refreshSnapshot>[1];
const now = { fewestBytes: 0, dropsGone: true };
const renew = (more: Partial<Options> = {}, on = state) =>
  refreshSnapshot(on, { account, when: now, ...more });
/** How often one was written: each is a new file. */
const bytesNow = () => readFile(state.locate(path)).catch(() => undefined);

async function factsNow() {
  const table = await openTableOf(state, account);
  await table?.close();
  return table?.facts;
}

async function withSnapshot<Result>(
  use: (snapshot: NonNullable<Awaited<ReturnType<typeof openSnapshot>>>) => Promise<Result>,
): Promise<Result> {
  const snapshot = await openSnapshot(state, account);
  if (!snapshot) throw new Error('there is none');
  try {
    return await use(snapshot);
  } finally {
    await snapshot.close();
  }
}

/** Of which files and places it has a subject's lines. */
const placesOf = (subjectId: string) =>
  withSnapshot(async ({ find, facts }) => {
    const entries = (await find([subjectId], { withTail: true })).get(subjectId) ?? [];
    return entries.map((entry) => [
      facts.files[fileOf(entry)]?.path,
      facts.sources[sourceOf(entry)],
      offsetOf(entry),
    ]);
  });

describe('a snapshot that follows its ledger', () => {
  it('says of each line where it is, also after its file became another in their order', async () => {
    await add('one', event('a'), event('b', { source: '/t' }));
    expect(await renew()).toBe(true);
    await add('two', event('a', { source: '/t' }));
    await state.remove(fileOfRun('one'));
    await add('three', event('b'), event('a'));
    expect(await renew()).toBe(true);
    const second = Buffer.byteLength(textOf([event('b')]));
    expect((await placesOf('a')).sort()).toEqual([
      [fileOfRun('three'), sourceMark('/s'), second],
      [fileOfRun('two'), sourceMark('/t'), 0],
    ]);
    expect(await placesOf('b')).toEqual([[fileOfRun('three'), sourceMark('/s'), 0]]);
    expect(await placesOf('nobody')).toEqual([]);
    expect((await factsNow())?.entries).toBe(3);
  });

  it('keeps what its numbers stand for, and counts what has to be known', async () => {
    await add('one', event('a', { required: ['liveness'] }), event(' b', { idFrom: undefined }));
    await renew({ folders: { idFrom: '{id}/{photo}.{ext}' } });
    const facts = {
      required: [[], ['liveness']],
      checks: [''],
      sources: [sourceMark('/s')],
      ...{ entries: 2, blanks: 1, older: 1, idFrom: '{id}/{photo}.{ext}' },
    };
    expect(await factsNow()).toMatchObject({ ...facts, files: [{ path: fileOfRun('one') }] });
    await add('two', event('c', { kind: 'rejected', code: 'check-liveness', source: '/t' }));
    await add(
      'three',
      event('c', { kind: 'rejected', code: '5' }),
      event('d', { required: ['deepfake', 'liveness'] }),
    );
    await renew();
    expect(await factsNow()).toMatchObject({
      ...facts,
      required: [[], ['liveness'], ['deepfake', 'liveness']],
      checks: ['', 'check-liveness'],
      sources: expect.arrayContaining([sourceMark('/s'), sourceMark('/t')]),
      entries: 5,
    });
    expect((await factsNow())?.sources).toHaveLength(2);
  });

  it('is not written again where nothing is new', async () => {
    await add('one', event('a'));
    await renew();
    const writes: string[] = [];
    const { bytes } = state;
    if (!bytes) throw new Error('this state has no snapshots');
    const on: StateStore = {
      ...state,
      bytes: {
        ...bytes,
        openWriter(to) {
          writes.push(to);
          return bytes.openWriter(to);
        },
      },
    };
    expect(await renew({}, on)).toBe(true);
    expect(writes).toEqual([]);
    await add('two', event('a'));
    expect(await renew({}, on)).toBe(true);
    expect(writes).toEqual([path]);
  });

  const mega = 1024 * 1024;
  it.each([
    // What is lacking in bytes, whether a file is gone: whether it is written when a night begins, ends, after a purge.
    [0.5 * mega, false, [false, false, false]],
    [1.5 * mega, false, [false, true, false]],
    [4.2 * mega, false, [true, true, true]],
    [0, true, [false, true, true]],
    [1.5 * mega, true, [false, true, true]],
  ])('that lacks %d bytes, with a file gone: %s', async (sizeInBytes, isGone, isWritten) => {
    await add('one', event('a'));
    await add('two', event('b'));
    await renew();
    const before = await bytesNow();
    if (sizeInBytes > 0) await addLarge('three', sizeInBytes);
    if (isGone) await state.remove(fileOfRun('two'));
    for (const [index, when] of [whenNightBegins, whenNightEnds, whenPurged].entries()) {
      await writeFile(state.locate(path), before ?? '');
      expect(await renew({ when })).toBe(true);
      expect((await bytesNow())?.equals(before ?? Buffer.alloc(0))).toBe(!isWritten[index]);
      // Never asked again, whether it is written or not.
      expect(await placesOf('b')).toHaveLength(isGone ? 0 : 1);
    }
  });

  it('is none for a ledger of few bytes, and goes where nothing is left that it speaks for', async () => {
    await add('one', event('a'));
    expect(await renew({ when: whenNightEnds })).toBe(false);
    expect(await bytesNow()).toBeUndefined();
    await renew();
    await state.remove(fileOfRun('one'));
    await add('two', event('a'));
    expect(await renew({ when: whenNightEnds })).toBe(false);
    expect(await bytesNow()).toBeUndefined();
  });

  it.each<[string, Partial<LedgerEvent>, string, boolean]>([
    ['by the same pattern', { idFrom: undefined }, '{id}.{ext}', false],
    ['by another pattern', { idFrom: undefined }, '{id}/{photo}.{ext}', true],
    ['by no pattern', { idFrom: 'list' }, '{id}/{photo}.{ext}', false],
  ])('that found folders %s is made anew where another is asked for', async (_, more, idFrom, isAnew) => {
    await add('one', event('a', more));
    await renew({ folders: { idFrom: '{id}.{ext}' } });
    // Who does not ask for folders takes what there is.
    expect(await renew()).toBe(true);
    expect((await factsNow())?.idFrom).toBe('{id}.{ext}');
    await renew({ folders: { idFrom } });
    expect((await factsNow())?.idFrom).toBe(isAnew ? idFrom : '{id}.{ext}');
    expect(await placesOf('a')).toHaveLength(1);
  });

  it.each<[string, (number: number) => Partial<LedgerEvent>]>([
    ['checks that were not fine', (number) => ({ kind: 'rejected', code: `check-${number}` })],
    ['checks that were required', (number) => ({ required: [`check ${number}`] })],
  ])('is none where the %s are more than an entry can tell apart', async (_, more) => {
    const eventsOf = (count: number) =>
      Array.from({ length: count }, (_, number) => event('a', more(number)));
    await add('one', ...eventsOf(most.details - 1));
    expect(await renew()).toBe(true);
    // The first of them stands for none.
    await add('one', ...eventsOf(most.details));
    expect(await renew()).toBe(false);
  });

  it('that is damaged where it has to be copied is made anew', async () => {
    await add('one', event('a'));
    await renew();
    const bytes = (await bytesNow()) ?? Buffer.alloc(0);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await writeFile(state.locate(path), bytes);
    await add('two', event('b'));
    expect(await renew()).toBe(true);
    expect([...(await placesOf('a')), ...(await placesOf('b'))].map(([file]) => file)).toEqual([
      fileOfRun('one'),
      fileOfRun('two'),
    ]);
  });

  /** The ledger's files change when the snapshot is about to read, or has just been written. */
  function meddling({
    reading,
    committed,
  }: {
    reading?: () => Promise<void>;
    committed?: () => Promise<void>;
  }) {
    const { bytes } = state;
    if (!bytes) throw new Error('this state has no snapshots');
    const on: StateStore = {
      ...state,
      async *readLines(from, options) {
        await reading?.();
        yield* state.readLines(from, options);
      },
      bytes: {
        ...bytes,
        async openWriter(to) {
          const writer = await bytes.openWriter(to);
          const commit = async () => {
            await writer.commit();
            await committed?.();
          };
          return { ...writer, commit };
        },
      },
    };
    return on;
  }

  it('is none where somebody rewrites the ledger meanwhile: purged lines leave no entries', async () => {
    await add('one', event('a'));
    const gone = () => state.remove(fileOfRun('one'));
    expect(await renew({}, meddling({ reading: gone }))).toBe(false);
    expect(await bytesNow()).toBeUndefined();
    await add('one', event('a'));
    expect(await renew({}, meddling({ committed: gone }))).toBe(false);
    expect(await bytesNow()).toBeUndefined();
    // Nothing half-made stays beside it.
    expect(await readdir(dirname(state.locate(path)))).toEqual(['deltas']);
  });

  it('ends with its command, and the one before it stays', async () => {
    await add('one', event('a'));
    await renew();
    await add('two', event('b'));
    const ended = AbortSignal.abort(new Error('over'));
    await expect(renew({ signal: ended })).rejects.toThrow('over');
    expect(await placesOf('a')).toHaveLength(1);
    const later = new AbortController();
    const reading = async () => later.abort(new Error('over'));
    await expect(renew({ signal: later.signal }, meddling({ reading }))).rejects.toThrow('over');
    expect(await readdir(dirname(state.locate(path)))).toEqual(['deltas', 'snapshot.bin']);
  });

  it('passes over lines that are none, and is none where it cannot be kept', async () => {
    await state.write(fileOfRun('one'), `torn\n${textOf([event('a')])}{"schema":"rollcall.ledger/9"}\n`);
    await renew();
    expect(await placesOf('a')).toEqual([[fileOfRun('one'), sourceMark('/s'), 5]]);
    expect((await factsNow())?.entries).toBe(1);
    const { bytes: _, ...remote } = state;
    expect(await renew({}, remote)).toBe(false);
    expect(await openSnapshot(remote, account)).toBeUndefined();
  });
});

describe('a snapshot that is open', () => {
  it('speaks for the files that are there, and of no others', async () => {
    await add('one', event('a'), event('b'));
    await add('two', event('a'));
    await renew();
    await add('three', event('a'));
    await state.remove(fileOfRun('one'));
    await withSnapshot(async (snapshot) => {
      expect(snapshot.covers).toEqual(new Set([fileOfRun('two')]));
      const found = await snapshot.find(['a', 'b'], { withTail: true });
      expect(found.get('a')?.map((entry) => snapshot.facts.files[fileOf(entry)]?.path)).toEqual([
        fileOfRun('two'),
      ]);
      expect(found.get('b') ?? []).toEqual([]);
      const entriesOf = snapshot.partitions();
      let count = 0;
      for (let partition = 0; partition < 256; partition += 1)
        for (const entries of await entriesOf(partition)) count += entries.length;
      expect(count).toBe(19);
    });
  });

  it('can be asked again after it was closed, unless another one is there', async () => {
    await add('one', event('a'));
    await renew();
    await withSnapshot(async (snapshot) => {
      await snapshot.close();
      await snapshot.close();
      expect((await snapshot.find(['a'], { withTail: false })).get('a')).toHaveLength(1);
      await snapshot.close();
      await add('two', event('a'));
      await renew();
      await expect(snapshot.find(['a'], { withTail: false })).rejects.toThrow(DamagedTable);
      await state.remove(path);
      await expect(snapshot.find(['a'], { withTail: false })).rejects.toThrow(DamagedTable);
    });
  });
});
