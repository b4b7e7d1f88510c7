import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKnownLedger } from '../../src/ledger/known-ledger.ts';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { refreshSnapshot } from '../../src/ledger/snapshot/refresh-snapshot.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from './ledger-events.ts';
import { nobodyErased } from './ledger-on-disk.ts';

const account = 'account';
const photos = { eachPhoto: false, required: [] };
const folders = { idFrom: '{id}.{ext}' };
const { signal } = new AbortController();
let folder: TemporaryFolder;
let state: StateStore;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(() => folder.remove());

const photoOf = (subjectId: string) => `/x/${subjectId}.jpg`;
async function add(run: string, subjects: readonly string[], more: Partial<LedgerEvent> = {}): Promise<void> {
  const lines = subjects.map((subjectId) => ({
    schema: 'rollcall.ledger/1',
    ...{
      kind: 'enrolled',
      subjectId,
      photo: photoOf(subjectId),
      version: 'v1',
      sha256: 'aa',
      templateId: 'T',
    },
    ...{ at: timeAt(1), source: '/x', idFrom: 'path', folder: '/x', ...more },
  }));
  await state.write(
    deltaPath(account, { run, epoch: 1 }),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
}
const snapshot = () =>
  refreshSnapshot(state, { account, folders, when: { fewestBytes: 0, dropsGone: true }, signal });

type Options = Partial<Parameters<typeof openKnownLedger>[1]>;
const open = (on: StateStore = state, more: Options = {}) =>
  openKnownLedger(on, { account, engine: 'ooto', erased: nobodyErased, photos, folders, signal, ...more });

/** What becomes of subjects that are asked for: how their photo is recognised, and from where they were. */
async function answers(known: Awaited<ReturnType<typeof open>>, ...subjects: readonly string[]) {
  const movedTo = (subjectId: string) => `/y/${subjectId}.jpg`;
  const asked = [photoOf, movedTo].flatMap((place) =>
    subjects.map((subjectId) => ({ subjectId, photo: place(subjectId) })),
  );
  await known.load(asked, []);
  const found = subjects.map((subjectId) => {
    const photo = { subjectId, photo: photoOf(subjectId), version: 'v1', template: '' };
    const moved = known.folders?.find({ subjectId, photo: movedTo(subjectId) });
    return [known.photos?.recognise(photo)?.kind, moved?.folder, moved?.contents.length];
  });
  await known.close();
  return found;
}

/** Which of the ledger's files are read line by line, and how many files of bytes are open. */
function watched(more: Partial<StateStore> = {}) {
  const read: string[] = [];
  const counts = { opened: 0, open: 0 };
  const { bytes } = state;
  if (!bytes) throw new Error('this state has no snapshots');
  const on: StateStore = {
    ...state,
    readLines(path, options) {
      read.push(path.replace(/.*\//, ''));
      return state.readLines(path, options);
    },
    bytes: {
      ...bytes,
      async open(path) {
        const file = await bytes.open(path);
        if (!file) return undefined;
        counts.opened += 1;
        counts.open += 1;
        const close = async () => {
          counts.open -= 1;
          await file.close();
        };
        return { ...file, sizeInBytes: file.sizeInBytes, close };
      },
    },
    ...more,
  };
  return { on, read, counts };
}

describe.each(['lines', 'snapshot'])('what is asked of a ledger, by its %s', (by) => {
  const prepare = async (...subjects: readonly string[]) => {
    await add('one', subjects);
    if (by === 'snapshot') await snapshot();
  };

  it('is answered, also from what came since', async () => {
    await prepare('a');
    await add('two', ['b']);
    expect(await answers(await open(), 'a', 'b', 'c')).toEqual([
      ['unchanged', '/x', 1],
      ['unchanged', '/x', 1],
      [undefined, undefined, undefined],
    ]);
  });

  it.each<[string, Options, unknown]>([
    ['photos alone', { folders: undefined }, ['unchanged', undefined, undefined]],
    ['folders alone', { photos: undefined }, [undefined, '/x', 1]],
    ['nothing', { photos: undefined, folders: undefined }, [undefined, undefined, undefined]],
  ])('is %s, and no more', async (_, options, expected) => {
    await prepare('a');
    const known = await open(state, options);
    expect([known.photos === undefined, known.folders === undefined]).toEqual(
      ['photos', 'folders'].map((name) => name in options),
    );
    expect(await answers(known, 'a')).toEqual([expected]);
  });

  it('is nothing of who was erased', async () => {
    await prepare('a', 'b');
    await add('two', ['a'], { at: timeAt(2) });
    const until = (subjectId: string) =>
      subjectId === 'a' ? Date.parse(timeAt(5)) : Number.NEGATIVE_INFINITY;
    const erased = {
      voidUntil: until,
      isVoid: ({ subjectId, at }: { subjectId: string; at: string }) => Date.parse(at) <= until(subjectId),
    };
    expect(await answers(await open(state, { erased }), 'a', 'b')).toEqual([
      [undefined, undefined, undefined],
      ['unchanged', '/x', 1],
    ]);
  });

  it('ends with its command', async () => {
    await prepare('a');
    const ended = AbortSignal.abort(new Error('over'));
    await add('two', ['b']);
    await expect(open(state, { signal: ended })).rejects.toThrow('over');
  });
});

describe('a snapshot', () => {
  it('spares the lines that it speaks for, and is let go of', async () => {
    await add('one', ['a']);
    await snapshot();
    await add('two', ['b']);
    const { on, read, counts } = watched();
    const known = await open(on);
    expect(read).toEqual(['two-1.jsonl']);
    expect((await answers(known, 'a'))[0]).toEqual(['unchanged', '/x', 1]);
    expect(counts.opened).toBeGreaterThan(0);
    expect(counts.open).toBe(0);
  });

  it('is let go of where the lines cannot be read', async () => {
    await add('one', ['a']);
    await snapshot();
    await add('two', ['b']);
    const { on, counts } = watched();
    // biome-ignore lint/correctness/useYield: it fails before its first line.
    const readLines: StateStore['readLines'] = async function* () {
      throw new Error('the disk is away');
    };
    await expect(open({ ...on, readLines })).rejects.toThrow('the disk is away');
    expect(counts.opened).toBeGreaterThan(0);
    expect(counts.open).toBe(0);
  });

  const other = { folders: { idFrom: '{id}/{photo}.{ext}' } };
  it.each<[string, Partial<LedgerEvent>, Options, boolean]>([
    ['knows folders by the same pattern', { idFrom: undefined, folder: undefined }, {}, true],
    ['knows folders by another pattern', { idFrom: undefined, folder: undefined }, other, false],
    ['knows folders by no pattern', {}, other, true],
    ['is not asked for folders', { idFrom: undefined, folder: undefined }, { folders: undefined }, true],
  ])('that %s is used, or not', async (_, event, options, isUsed) => {
    await add('one', ['a'], event);
    await snapshot();
    const { on, read, counts } = watched();
    const known = await open(on, options);
    expect(read).toEqual(isUsed ? [] : ['one-1.jsonl']);
    expect((await answers(known, 'a'))[0]?.[0]).toBe('unchanged');
    expect(counts.open).toBe(0);
  });

  it('that cannot be opened, or was replaced while it was asked, leaves the lines', async () => {
    await add('one', ['a']);
    await snapshot();
    const { bytes } = state;
    const away = () => Promise.reject(new Error('the disk is away'));
    if (!bytes) throw new Error('this state has no snapshots');
    const on: StateStore = { ...state, bytes: { ...bytes, open: away } };
    expect((await answers(await open(on), 'a'))[0]).toEqual(['unchanged', '/x', 1]);
    const known = await open();
    await state.write(`ledger/${account}/snapshot.bin`, 'another one');
    expect((await answers(known, 'a'))[0]).toEqual(['unchanged', '/x', 1]);
  });

  it('that cannot be opened ends a command that is over', async () => {
    await add('one', ['a']);
    const controller = new AbortController();
    const { bytes } = state;
    if (!bytes) throw new Error('this state has no snapshots');
    const opened: StateStore['bytes'] = {
      ...bytes,
      open() {
        controller.abort(new Error('over'));
        return Promise.reject(new Error('the disk is away'));
      },
    };
    const known = open({ ...state, bytes: opened }, { signal: controller.signal });
    await expect(known).rejects.toThrow('over');
  });
});
