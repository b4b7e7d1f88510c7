import { describe, expect, test } from 'vitest';
import { createLeftOutTally, type LeftOut } from '../../src/sources/left-out.ts';
import type { ListEnd, ListedPhoto, Source } from '../../src/sources/source.ts';

/** An archive to list: how to open it anew, and what it holds. */
export interface ConformanceArchive {
  open(): Promise<Source>;
  /** What each entry is to hold, in order. */
  readonly expected: readonly Partial<ListedPhoto>[];
  remove?(): Promise<void>;
}

/** What every source keeps to. The archive should hold good entries, problems, and more than one batch or chunk. */
export function describeSource(name: string, makeArchive: () => Promise<ConformanceArchive>): void {
  describe(`${name} as a source`, () => {
    test('lists its entries in a fixed order, each complete or with a problem', async () => {
      await withArchive(makeArchive, async ({ open, expected }) => {
        const listed = await listAll(await open());
        expect(listed).toEqual(expected.map((entry) => expect.objectContaining(entry)));
        // A row that is a photo has no problem besides.
        const hasProblem = (entry: Partial<ListedPhoto>) => 'problem' in entry;
        expect(listed.map(hasProblem)).toEqual(expected.map(hasProblem));
        for (const photo of listed) checkEntry(photo);
        expect(await listAll(await open())).toEqual(listed);
      });
    });

    test('says once, at its end, that it was read to its end', async () => {
      await withArchive(makeArchive, async ({ open, expected }) => {
        const { ends } = await listWhole(await open());
        expect(ends).toHaveLength(1);
        let count = 0;
        for await (const _ of (await open()).list({
          signal: new AbortController().signal,
          onEnd: () => expect(count).toBe(expected.length),
        }))
          count += 1;
      });
    });

    test('goes on after any entry, also when that has been written down in between', async () => {
      await withArchive(makeArchive, async ({ open }) => {
        const all = await listAll(await open());
        for (const [index, after] of all.entries()) {
          const rest = await listAll(await open(), { after: JSON.parse(JSON.stringify(after)) });
          expect(rest).toEqual(all.slice(index + 1));
        }
      });
    });

    test('ends with the signal’s reason, before it begins and in the middle', async () => {
      await withArchive(makeArchive, async ({ open }) => {
        const reason = new Error('enough');
        await expect(listAll(await open(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
        const controller = new AbortController();
        const listed: ListedPhoto[] = [];
        const listing = async () => {
          for await (const photo of (await open()).list({ signal: controller.signal })) {
            listed.push(photo);
            if (listed.length === 2) controller.abort(reason);
          }
        };
        await expect(listing()).rejects.toBe(reason);
        expect(listed).toHaveLength(2);
      });
    });

    test('can be left in the middle', async () => {
      await withArchive(makeArchive, async ({ open }) => {
        const source = await open();
        for await (const photo of source.list({ signal: new AbortController().signal })) {
          checkEntry(photo);
          break;
        }
      });
    });
  });
}

export async function listAll(
  source: Source,
  {
    after,
    signal = new AbortController().signal,
  }: { after?: ListedPhoto | undefined; signal?: AbortSignal } = {},
): Promise<ListedPhoto[]> {
  const photos: ListedPhoto[] = [];
  for await (const photo of source.list({ after, signal })) photos.push(photo);
  return photos;
}

/** What a source says it leaves out, and how it ends. */
export async function listWhole(source: Source, { after }: { after?: ListedPhoto } = {}) {
  const tally = createLeftOutTally();
  const leftOut: LeftOut[] = [];
  const ends: ListEnd[] = [];
  const photos: ListedPhoto[] = [];
  const { signal } = new AbortController();
  const onLeftOut = (each: LeftOut) => {
    leftOut.push(each);
    tally.add(each);
  };
  const onEnd = (end: ListEnd) => void ends.push(end);
  for await (const photo of source.list({ after, signal, onLeftOut, onEnd })) photos.push(photo);
  return { photos, leftOut, ...tally.count(), ends };
}

function checkEntry(photo: ListedPhoto): void {
  if (photo.problem !== undefined) return;
  expect(photo.subjectId).toBeTruthy();
  expect(photo.photo).toMatch(/^(?:\/|https:\/\/|s3:\/\/)/u);
}

async function withArchive(
  makeArchive: () => Promise<ConformanceArchive>,
  use: (archive: ConformanceArchive) => Promise<void>,
): Promise<void> {
  const archive = await makeArchive();
  try {
    await use(archive);
  } finally {
    await archive.remove?.();
  }
}
