import { appendFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManifestProgress, followManifest } from '../../src/conductor/manifest-progress.ts';
import { type ManifestWriter, manifestPath, openManifestWriter } from '../../src/records/manifest.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
let state: StateStore;
let writer: ManifestWriter;
const followed: AsyncGenerator<unknown>[] = [];
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
  writer = await openManifestWriter(state, 'run');
});
afterEach(async () => {
  for (const lines of followed.splice(0)) await lines.return(undefined);
  await writer.close();
  await folder.remove();
});

const photos = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ subjectId: `s${index}`, photo: `/${index}.jpg` }));
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Its steps are promises: one that waits for the list stays open. */
function follow(signal = new AbortController().signal) {
  const progress = createManifestProgress(writer.end);
  const lines = followManifest({ state, runId: 'run', progress, signal });
  followed.push(lines);
  const next = async () => {
    const { done, value } = await lines.next();
    return done ? 'over' : value.map(({ line }) => line.seq);
  };
  return { progress, next };
}

describe('the list, while it is being made', () => {
  it('comes line by line as it becomes durable, each once, until it has ended', async () => {
    await writer.append(photos(2));
    const { progress, next } = follow();
    expect(await next()).toEqual([1, 2]);
    const waiting = next();
    await writer.append(photos(1));
    progress.advance(writer.end);
    expect(await waiting).toEqual([3]);
    const last = next();
    // What the end tells comes before the end.
    await writer.append(photos(1));
    progress.advance(writer.finish());
    expect(await last).toEqual([4]);
    expect(await next()).toBe('over');
    expect(progress.end.listed?.count).toBe(4);
  });

  it('waits for what is on disk and not known to be durable, or torn', async () => {
    await writer.append(photos(1));
    const { progress, next } = follow();
    await appendFile(state.locate(manifestPath('run')), '{"seq":2,"subjectId":"s1","photo":"/1.jpg"}\n{"se');
    expect(await next()).toEqual([1]);
    const waiting = next();
    progress.advance({ ...writer.end, listed: { count: 1, sha256: '' } });
    expect(await waiting).toBe('over');
  });

  it('comes in small batches, however much there is', async () => {
    await writer.append(photos(250));
    const { next } = follow();
    expect([await next(), await next(), await next()]).toEqual([
      numbers(1, 100),
      numbers(101, 200),
      numbers(201, 250),
    ]);
  });

  it('is left at once when the run stops: before it, in the midst, and while it waits', async () => {
    await writer.append(photos(150));
    const stopped = new Error('stopped');
    const before = follow(AbortSignal.abort(stopped));
    await expect(before.next()).rejects.toBe(stopped);

    const stopping = new AbortController();
    const amidst = follow(stopping.signal);
    expect(await amidst.next()).toHaveLength(100);
    stopping.abort(stopped);
    await expect(amidst.next()).rejects.toBe(stopped);

    const leaving = new AbortController();
    const waits = follow(leaving.signal);
    await waits.next();
    await waits.next();
    const waiting = waits.next();
    leaving.abort(stopped);
    await expect(waiting).rejects.toThrow();
  });
});
