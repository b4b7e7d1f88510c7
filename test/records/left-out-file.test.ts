import { describe, expect, it } from 'vitest';
import { leftOutSubjects, openLeftOutWriter, removeLeftOutListing } from '../../src/records/left-out-file.ts';
import type { LeftOut } from '../../src/sources/left-out.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

const run = 'run-1';
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const found = (path: string, more: Partial<LeftOut> = {}, after = 0) => ({
  after,
  leftOut: { path, why: 'no-image', ...more } as const,
});
const open = (on: StateStore = state, from = 0) => openLeftOutWriter(on, run, { from, epoch: undefined });
const names = async () => (await state.list(`runs/${run}`)).map(({ name }) => name);
const lines = async () =>
  String(await state.read(`runs/${run}/left-out.jsonl`))
    .trimEnd()
    .split('\n');

async function subjects(): Promise<string[]> {
  const all: string[] = [];
  for await (const subject of leftOutSubjects(state, run)) all.push(subject);
  return all;
}

/** What is written at the end of the list, piece by piece; the disk may be full. */
function watched(isFull = false) {
  const pieces: string[] = [];
  const on: StateStore = {
    ...state,
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
  return { on, pieces };
}

describe('what a source leaves out', () => {
  it('is counted and written down when its list ends, with those whose photos may be among it', async () => {
    const writer = await open();
    await writer.append([found('a.txt'), found('raw.nef', { why: 'other-picture', subjectId: 'raw' })]);
    await writer.append([]);
    await writer.append([found('#recycle/', { why: 'recycle-bin', files: 7 })]);
    expect(await names()).toEqual(['left-out.listing.jsonl']);
    expect(await writer.finish()).toEqual({ files: 9, byKind: { '.txt': 1, '.nef': 1, '#recycle/': 7 } });
    expect((await lines()).map((text) => JSON.parse(text))).toEqual([
      { path: 'a.txt', why: 'no-image' },
      { path: 'raw.nef', why: 'other-picture', subjectId: 'raw' },
      { path: '#recycle/', why: 'recycle-bin', files: 7 },
    ]);
    expect(await subjects()).toEqual(['raw']);
    await removeLeftOutListing(state, run);
    expect(await names()).toEqual(['left-out.jsonl']);
  });

  it('has no file where it is nothing', async () => {
    const { on, pieces } = watched();
    expect(await (await open(on)).finish()).toEqual({ files: 0, byKind: {} });
    expect(await names()).toEqual(['left-out.listing.jsonl']);
    expect(pieces).toEqual([]);
    expect(await subjects()).toEqual([]);
  });

  it('is written in pieces where it is much', async () => {
    const { on, pieces } = watched();
    const paths = Array.from({ length: 4_000 }, (_, index) => `${'x'.repeat(200)}${index}.txt`);
    const writer = await open(on);
    await writer.append(paths.map((path) => found(path)));
    expect((await writer.finish())?.files).toBe(4_000);
    expect((await lines()).map((text) => JSON.parse(text).path)).toEqual(paths);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.length).toBeLessThan(10);
    for (const piece of pieces) expect(piece.length).toBeLessThan(300_000);
  });

  it('leaves nothing half written where the disk is full', async () => {
    const writer = await open(watched(true).on);
    await writer.append([found('a.txt')]);
    await expect(writer.finish()).rejects.toThrow('no room');
    expect(await names()).toEqual(['left-out.listing.jsonl']);
  });

  it('is found again by a later listing, from where that begins', async () => {
    const first = await open();
    await first.append([found('a.txt', {}, 1), found('b.txt', {}, 3)]);
    await first.close();
    const second = await open(state, 2);
    await second.append([found('c.txt', {}, 2), found('b.txt', {}, 3)]);
    expect(await second.finish()).toEqual({ files: 3, byKind: { '.txt': 3 } });
    expect((await lines()).map((text) => JSON.parse(text).path)).toEqual(['a.txt', 'c.txt', 'b.txt']);
  });

  it('is not counted where an earlier listing wrote nothing down', async () => {
    expect(await (await open(state, 2)).finish()).toBeUndefined();
  });
});

it.each([
  [undefined, {}],
  [7, { epoch: 7 }],
])('a conductor names its epoch, which fences earlier ones: %s', async (epoch, expected) => {
  const asked: unknown[] = [];
  let isOpen = false;
  const on: StateStore = {
    ...state,
    async openAppender(path, options) {
      asked.push(options);
      isOpen = true;
      const appender = await state.openAppender(path, options);
      const close = () => appender.close().finally(() => (isOpen = false));
      return { ...appender, close };
    },
  };
  const writer = await openLeftOutWriter(on, run, { from: 0, epoch });
  expect(asked).toEqual([expected]);
  await writer.close();
  expect(isOpen).toBe(false);
});
