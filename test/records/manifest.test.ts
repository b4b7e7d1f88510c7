import { createHash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSource } from '../../src/conductor/list.ts';
import { createManifestProgress, followManifest } from '../../src/conductor/manifest-progress.ts';
import {
  hashManifest,
  manifestPath,
  manifestSize,
  openManifestWriter,
  readManifest,
} from '../../src/records/manifest.ts';
import type { ListedPhoto, Source } from '../../src/sources/source.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError, UsageError } from '../../src/util/errors.ts';
import { givenSource } from '../conductor/given-source.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

describe('the manifest', () => {
  let folder: TemporaryFolder;
  let state: StateStore;
  let number = 0;
  const signal = new AbortController().signal;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterAll(() => folder.remove());

  const nextRun = () => `run-${++number}`;
  const fileOf = (runId: string) => state.locate(manifestPath(runId));
  const sha256Of = async (runId: string) =>
    createHash('sha256')
      .update(await readFile(fileOf(runId)))
      .digest('hex');
  const photo = (index: number): ListedPhoto => ({
    subjectId: `é ${index}`,
    photo: `/${index}.jpg`,
    cursor: `${index}`,
  });

  async function readAll(runId: string) {
    const all = [];
    for await (const batch of readManifest(state, runId)) all.push(...batch);
    return all;
  }

  const listed: fc.Arbitrary<ListedPhoto> = fc.record(
    {
      subjectId: fc.string({ unit: 'binary' }),
      photo: fc.string(),
      version: fc.string(),
      sizeInBytes: fc.nat(),
      templateId: fc.string(),
      metadata: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string({ unit: 'binary' })),
      row: fc.nat(),
      cursor: fc.string(),
      problem: fc.string(),
    },
    { requiredKeys: [] },
  );

  it('holds every photo as it was listed, numbered from 1, each line where it says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(listed, { maxLength: 5 }), { maxLength: 5 }), async (batches) => {
        const runId = nextRun();
        const writer = await openManifestWriter(state, runId);
        await Promise.all(batches.map((batch) => writer.append(batch)));
        const end = writer.finish();
        await writer.close();
        const all = await readAll(runId);
        const expected = batches.flat().map((each, index) => ({ seq: index + 1, ...each }));
        expect(all.map(({ line }) => line)).toEqual(JSON.parse(JSON.stringify(expected)));
        for (const { line, ...range } of all)
          expect(JSON.parse((await state.readRange(manifestPath(runId), range)).toString())).toEqual(line);
        expect(end).toEqual({
          count: expected.length,
          sizeInBytes: (await readFile(fileOf(runId))).length,
          listed: { count: expected.length, sha256: await sha256Of(runId) },
        });
      }),
      { numRuns: randomInputs(30) },
    );
  });

  it('has a size, a count and a hash, by which it is known again', async () => {
    const runId = nextRun();
    expect(await manifestSize(state, runId)).toBe(0);
    const writer = await openManifestWriter(state, runId);
    await writer.append([1, 2, 3].map(photo));
    const { listed, sizeInBytes } = writer.finish({ leftOut: 2 });
    await writer.close();
    expect(listed).toEqual({ count: 3, leftOut: 2, sha256: await sha256Of(runId) });
    expect(await manifestSize(state, runId)).toBe(sizeInBytes);
    expect(await hashManifest(state, runId)).toEqual({ count: 3, sha256: listed?.sha256 });
  });

  it('is read in batches, no larger than is asked for', async () => {
    const runId = nextRun();
    const writer = await openManifestWriter(state, runId);
    await writer.append([1, 2, 3, 4].map(photo));
    await writer.close();
    const sizes = async (options: { mostAtOnce?: number }) => {
      const read: number[] = [];
      for await (const batch of readManifest(state, runId, options)) read.push(batch.length);
      return read;
    };
    expect(await sizes({ mostAtOnce: 2 })).toEqual([2, 2]);
    expect(await sizes({ mostAtOnce: 3 })).toEqual([3, 1]);
    expect(await sizes({})).toEqual([4]);
  });

  it.each([
    [undefined, {}],
    [7, { epoch: 7 }],
  ])('names the epoch of its conductor, which fences earlier ones: %s', async (epoch, expected) => {
    const asked: unknown[] = [];
    let isOpen = false;
    const watched: StateStore = {
      ...state,
      async openAppender(path, options) {
        asked.push(options);
        isOpen = true;
        const appender = await state.openAppender(path, options);
        return { ...appender, close: () => appender.close().finally(() => (isOpen = false)) };
      },
    };
    const writer = await openManifestWriter(watched, nextRun(), epoch);
    expect(asked).toEqual([expected]);
    await writer.close();
    expect(isOpen).toBe(false);
  });

  it('goes on after a torn last line, wherever it tore, with the same hash as if nothing had happened', async () => {
    const whole = nextRun();
    const straight = await openManifestWriter(state, whole);
    await straight.append([1, 2, 3, 4, 5].map(photo));
    const expected = straight.finish().listed;
    await straight.close();
    const bytes = await readFile(fileOf(whole));
    for (let cut = 0; cut < bytes.length; cut += 7) {
      const runId = nextRun();
      await state.write(manifestPath(runId), bytes.subarray(0, cut));
      const writer = await openManifestWriter(state, runId);
      const kept = writer.end.count;
      expect(writer.last?.cursor).toBe(kept === 0 ? undefined : String(kept));
      await writer.append([1, 2, 3, 4, 5].slice(kept).map(photo));
      expect(writer.finish().listed).toEqual(expected);
      await writer.close();
      expect(await sha256Of(runId)).toBe(expected?.sha256);
    }
  });

  it('that is damaged is a fault that names the file and the byte', async () => {
    const runId = nextRun();
    const writer = await openManifestWriter(state, runId);
    await writer.append([1, 2, 3].map(photo));
    await writer.close();
    const second = (await readAll(runId))[1];
    const text = await readFile(fileOf(runId), 'utf8');
    await writeFile(fileOf(runId), text.replace('{"seq":2', '{"seq:2'));
    const error = await readAll(runId).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FaultError);
    expect(error.message).toContain(fileOf(runId));
    expect(error.message).toContain(`at byte ${second?.offset}`);
    await appendFile(fileOf(runId), 'no json\n');
    await expect(openManifestWriter(state, runId)).rejects.toThrow(/damaged at byte/);
  });

  it('is followed while it grows: every line once, none before it is durable, and the end is the end', async () => {
    const runId = nextRun();
    const writer = await openManifestWriter(state, runId);
    const progress = createManifestProgress(writer.end);
    const followed: number[] = [];
    const following = (async () => {
      for await (const batch of followManifest({ state, runId, progress, signal })) {
        followed.push(...batch.map(({ line }) => line.seq));
        expect(followed.length).toBeLessThanOrEqual(progress.end.count);
      }
    })();
    for (let from = 1; from <= 5_000; from += 250) {
      const batch = Array.from({ length: 250 }, (_, index) => photo(from + index));
      const appended = writer.append(batch);
      if (from % 500 === 1) await new Promise(setImmediate);
      await appended;
      progress.advance(writer.end);
    }
    progress.advance(writer.finish());
    await writer.close();
    await following;
    expect(followed).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
  });

  it('is no longer followed once the signal aborts', async () => {
    const controller = new AbortController();
    const progress = createManifestProgress({ count: 0, sizeInBytes: 0 });
    const following = followManifest({ state, runId: nextRun(), progress, signal: controller.signal }).next();
    controller.abort();
    await expect(following).rejects.toThrow(/abort/i);
  });

  describe('listing', () => {
    const start = (
      runId: string,
      source: Source,
      more: { limit?: number; signal?: AbortSignal; mayWrite?: () => Promise<void> } = {},
    ) => {
      const progress = createManifestProgress({ count: 0, sizeInBytes: 0 });
      const listing = listSource({
        state,
        runId,
        openSource: async () => source,
        progress,
        limit: undefined,
        signal,
        ...more,
      });
      return { progress, listing };
    };

    it('writes the whole list, and its count and hash', async () => {
      const runId = nextRun();
      const { progress, listing } = start(runId, givenSource(2_500));
      await listing;
      expect(progress.end.listed).toEqual({
        count: 2_500,
        sha256: await sha256Of(runId),
        at: expect.any(String),
      });
      expect((await readAll(runId)).map(({ line }) => line.subjectId)).toEqual(
        Array.from({ length: 2_500 }, (_, index) => `subject-${index + 1}`),
      );
    });

    it.each([0, 1, 999, 1000, 1001])('takes no more than the limit: %i', async (limit) => {
      const runId = nextRun();
      const { progress, listing } = start(runId, givenSource(2_000), { limit });
      await listing;
      expect(progress.end.listed?.count).toBe(limit);
    });

    it('keeps the limit over a resumption', async () => {
      const runId = nextRun();
      const broken = givenSource(10, {
        before: async (index) => {
          if (index === 4) throw new Error('the bucket is away');
        },
      });
      await expect(start(runId, broken, { limit: 5 }).listing).rejects.toThrow('the bucket is away');
      const source = givenSource(10);
      const { progress, listing } = start(runId, source, { limit: 5 });
      await listing;
      expect(source.listings).toEqual(['3']);
      expect(progress.end.listed?.count).toBe(5);
    });

    it('makes photos of a slow source durable while it goes on listing', async () => {
      const runId = nextRun();
      const limiter = new AbortController();
      const source = givenSource(3, {
        before: async (index) => {
          if (index === 3) await new Promise((resolve) => limiter.signal.addEventListener('abort', resolve));
        },
      });
      const { progress, listing } = start(runId, source);
      await until(() => progress.end.count === 2, { what: 'the first two photos' });
      expect(await readAll(runId)).toHaveLength(2);
      limiter.abort();
      await listing;
      expect(progress.end.listed?.count).toBe(3);
    });

    it('goes on exactly behind the last durable photo, whenever it was broken off', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 1_300 }), { maxLength: 4 }), async (breaks) => {
          const runId = nextRun();
          for (const at of [...breaks].sort((a, b) => a - b)) {
            const controller = new AbortController();
            const source = givenSource(1_300, {
              before: async (index) => {
                if (index === at) controller.abort(new Error('killed'));
              },
            });
            await start(runId, source, { signal: controller.signal }).listing.catch(() => {});
          }
          const { progress, listing } = start(runId, givenSource(1_300));
          await listing;
          expect(progress.end.listed).toMatchObject({ count: 1_300, sha256: await sha256Of(runId) });
          expect((await readAll(runId)).map(({ line }) => line.cursor)).toEqual(
            Array.from({ length: 1_300 }, (_, index) => String(index + 1)),
          );
        }),
        { numRuns: randomInputs(15) },
      );
    });

    it('passes on at once what the user must fix', async () => {
      const source: Source = {
        ...givenSource(0),
        // biome-ignore lint/correctness/useYield: it fails before its first photo.
        async *list() {
          throw new UsageError('columns', 'there is no column photo');
        },
      };
      await expect(start(nextRun(), source).listing).rejects.toBeInstanceOf(UsageError);
    });

    it('ends with the fault of the disk, also where the source is slow', async () => {
      const runId = nextRun();
      const fault = new FaultError('state', 'the disk is full');
      const mayWrite = () => Promise.reject(fault);
      const never = givenSource(2, {
        before: async (index, aborted) => {
          if (index === 2)
            await new Promise((_, reject) => aborted.addEventListener('abort', () => reject(aborted.reason)));
        },
      });
      await expect(start(runId, never, { mayWrite }).listing).rejects.toBe(fault);
      expect(await readAll(runId)).toEqual([]);
    });

    it('writes nothing while it may not', async () => {
      const runId = nextRun();
      const controller = new AbortController();
      const lost = new AbortController();
      const mayWrite = () =>
        new Promise<void>((_, reject) =>
          lost.signal.addEventListener('abort', () => reject(lost.signal.reason)),
        );
      const { progress, listing } = start(runId, givenSource(5_000), { signal: controller.signal, mayWrite });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(progress.end.count).toBe(0);
      controller.abort();
      lost.abort();
      await expect(listing).rejects.toThrow();
      expect((await readFile(fileOf(runId))).length).toBe(0);
    });
  });
});
