import { appendFile, truncate } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../src/runs/inbox/session.ts';
import { type InboxEntry, listPath } from '../../src/sources/inbox/inbox-log.ts';
import { createInboxSource } from '../../src/sources/inbox/inbox-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

const run = 'door-1';

describe('the list of an inbox', () => {
  let state: StateStore;
  eachTestHasState((given) => {
    state = given;
  });

  async function open(epoch: number) {
    const opened = await openSession(
      { state, inbox: 'door' },
      { epoch, before: undefined, newRun: () => run },
    );
    onTestFinished(opened.session.close);
    return opened;
  }
  const taken = (from: number, ...ids: string[]): InboxEntry => ({
    at: '2026-11-28T10:00:00.000Z',
    from,
    photos: ids.map((subjectId) => ({ subjectId, photo: `/photos/${subjectId}.jpg` })),
  });
  const ends = (count: number): InboxEntry => ({ at: '2026-11-28T11:00:00.000Z', ends: run, count });

  /** Lists until the source waits, or its list has ended. */
  async function list(after?: ListedPhoto): Promise<{ ids: string[]; last?: ListedPhoto; isWhole: boolean }> {
    const stop = new AbortController();
    const photos: ListedPhoto[] = [];
    let isWhole = false;
    const source = createInboxSource({ state, inbox: 'door', run, tend: async () => {} });
    const listing = source.list({
      after,
      signal: stop.signal,
      onPause: () => stop.abort(),
      onEnd: () => {
        isWhole = true;
      },
    });
    try {
      for await (const photo of listing) photos.push(photo);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    const last = photos.at(-1);
    return { ids: photos.map(({ subjectId = '' }) => subjectId), ...(last && { last }), isWhole };
  }

  it('gives what was taken in, goes on where it stopped, and ends with its run', async () => {
    const { session } = await open(1);
    await session.append([taken(1, 'anna', 'bert')]);
    const first = await list();
    expect(first).toMatchObject({ ids: ['anna', 'bert'], isWhole: false });
    await session.append([taken(3, 'carla'), ends(3)]);
    expect(await list(first.last)).toMatchObject({ ids: ['carla'], isWhole: true });
    expect(await list()).toMatchObject({ ids: ['anna', 'bert', 'carla'], isWhole: true });
  });

  it('goes on over sessions; one that was passed over answers nothing and counts for nothing', async () => {
    const { session: first } = await open(1);
    await first.append([taken(1, 'anna')]);
    const { last } = await list();
    const { session: second, taken: known } = await open(2);
    expect(known.current).toMatchObject({ run, count: 1 });
    await expect(first.append([taken(2, 'late')])).rejects.toMatchObject({ kind: 'away' });
    await second.append([taken(2, 'bert')]);
    expect((await list(last)).ids).toEqual(['bert']);
    expect((await list()).ids).toEqual(['anna', 'bert']);
    const { taken: later } = await open(3);
    expect(later.current).toMatchObject({ run, count: 2 });
  });

  it('waits where another session was claimed and has not said yet how much counts', async () => {
    const { session } = await open(1);
    await session.append([taken(1, 'anna')]);
    await state.write('inboxes/door/claims/0000000002-000001-00000000', '');
    expect((await list()).ids).toEqual([]);
    const { taken: known } = await open(3);
    expect(known.current?.count).toBe(1);
    expect((await list()).ids).toEqual(['anna']);
  });

  it('passes over a line that a dying process left half-written; what follows is read', async () => {
    const { session } = await open(1);
    await session.append([taken(1, 'anna')]);
    await appendFile(
      state.locate(listPath('door', session.name)),
      JSON.stringify(taken(2, 'torn')).slice(0, -9),
    );
    expect((await list()).ids).toEqual(['anna']);
    const { session: second } = await open(2);
    await second.append([taken(2, 'bert')]);
    expect((await list()).ids).toEqual(['anna', 'bert']);
  });

  it('does not count a session that died in the midst of what it absorbs', async () => {
    const { session } = await open(1);
    await session.append([taken(1, 'anna'), taken(2, 'bert')]);
    const { session: second } = await open(2);
    const path = state.locate(listPath('door', second.name));
    await truncate(path, second.sizeInBytes - 20);
    expect((await list()).ids).toEqual([]);
    const { taken: known } = await open(3);
    expect(known.current?.count).toBe(2);
    expect((await list()).ids).toEqual(['anna', 'bert']);
  });

  it('takes what was written whole for taken in, although nobody was answered', async () => {
    const { session } = await open(1);
    await appendFile(state.locate(listPath('door', session.name)), `${JSON.stringify(taken(1, 'whole'))}\n`);
    const { taken: known } = await open(2);
    expect(known.current?.count).toBe(1);
    expect((await list()).ids).toEqual(['whole']);
  });

  it('is a fault where a photo is missing in it', async () => {
    const { session } = await open(1);
    await session.append([taken(1, 'anna'), taken(3, 'carla')]);
    await expect(list()).rejects.toThrow(/photo 2 is missing/);
  });
});
