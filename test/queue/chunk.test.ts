import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  buildChunk,
  type ChunkRecord,
  finishedPhotos,
  isChunk,
  photosIn,
  recordedPhotos,
} from '../../src/queue/chunk.ts';
import { createResultRecorder } from '../../src/queue/result-recorder.ts';
import { makeJob, makeJobs } from './photo-jobs.ts';

const { id, data } = buildChunk(makeJobs(3));
const outcome = (at: number): ChunkRecord => ({ at, outcome: { status: 'enrolled', at } });
const linesOf = (...records: ChunkRecord[]) => records.map((record) => JSON.stringify([record]));

describe('a chunk', () => {
  it('has the same id for the same photos only, which says how many they are', () => {
    expect(buildChunk(makeJobs(3)).id).toBe(id);
    expect(buildChunk([makeJob(1), makeJob(2), makeJob(4)]).id).not.toBe(id);
    expect([isChunk(id), photosIn(id)]).toEqual([true, 3]);
    expect([isChunk(makeJob(1).id), photosIn(makeJob(1).id)]).toEqual([false, 1]);
  });

  it('gives its photos with what was recorded of each', () => {
    const again = { delayInMs: 70, isLast: true, data: makeJob(2, { subjectId: 'new' }).data };
    const records = linesOf(outcome(0), { at: 1, again }, { at: 2, failed: 'a fault' });
    const common = { jobId: id, returnValue: null };
    expect(finishedPhotos({ id, data, records }, { results: 3 })).toEqual([
      {
        ...common,
        ...{ id: 'r-1-abc', data: makeJob(1).data, state: 'completed' },
        returnValue: { status: 'enrolled', at: 0 },
      },
      {
        ...common,
        ...{ id: 'r-2-abc', data: again.data, state: 'left', retry: { delayInMs: 70, isLast: true } },
      },
      { ...common, id: 'r-3-abc', data: makeJob(3).data, state: 'failed', failedReason: 'a fault' },
    ]);
    const chunk = { id, data, state: 'active', records } as const;
    expect(recordedPhotos(chunk).map((photo) => photo.state)).toEqual(['completed', 'failed']);
  });

  it.each([
    { what: 'was given back by its worker', end: { results: 1 }, isDoubtful: false },
    { what: 'lost a record', end: { results: 2 }, isDoubtful: true },
    { what: 'was begun by a worker that died', end: {}, isDoubtful: true },
    { what: 'failed', end: null, isDoubtful: true },
  ])('leaves what has no result when it $what', ({ end, isDoubtful }) => {
    const photos = finishedPhotos({ id, data, records: linesOf(outcome(1), outcome(1)) }, end);
    expect(photos.map(({ state, data: left }) => [state, left])).toEqual(
      makeJobs(3).map((job, at) => {
        const tries = { ...job.data.tries, storedUnknown: isDoubtful };
        return at === 1 ? ['completed', job.data] : ['left', { ...job.data, tries }];
      }),
    );
  });

  it.each([
    ['no text', ''],
    ['half of a line', '[{"at":0,"outcome":{"status":"enr'],
    ['a word', 'OK'],
    ['null', 'null'],
    ['a record that stands alone', JSON.stringify(outcome(0))],
    ['a list of nothing', '[null,3,[]]'],
    ['a record without a place', '[{"outcome":{"status":"enrolled"}}]'],
    ['a place that is none', '[{"at":-1,"outcome":{}},{"at":"0","outcome":{}},{"at":0.5,"outcome":{}}]'],
    ['a record without a result', '[{"at":0}]'],
    ['results of another shape', '[{"at":0,"outcome":"enrolled"},{"at":0,"again":{}},{"at":0,"failed":1}]'],
  ])('takes what is damaged in its records for a result that is missing: %s', (_, damaged) => {
    const records = [damaged, ...linesOf(outcome(1))];
    const photos = finishedPhotos({ id, data, records }, { results: 2 });
    expect(photos.map(({ state }) => state)).toEqual(['left', 'completed', 'left']);
    expect(photos[0]?.data).toMatchObject({ tries: { storedUnknown: true } });
    const chunk = { id, data, state: 'active', records } as const;
    expect(recordedPhotos(chunk).map((photo) => photo.id)).toEqual(['r-2-abc']);
  });

  it('keeps what is whole in a line with a damaged record', () => {
    const records = [`[{"at":0},${JSON.stringify(outcome(1))}]`];
    expect(recordedPhotos({ id, data, state: 'active', records }).map((photo) => photo.id)).toEqual([
      'r-2-abc',
    ]);
  });

  it('that is damaged gives no photo', () => {
    for (const damaged of [null, {}, { photos: 3 }, { photos: [{ id: 'r-1-abc' }] }])
      expect(finishedPhotos({ id, data: damaged, records: linesOf(outcome(0)) }, { results: 1 })).toEqual([]);
  });
});

describe('recording results', () => {
  it('writes those of a moment together, a line a chunk, and one group after the other', async () => {
    const writes: { id: string; line: string }[][] = [];
    let open = () => {};
    const record = createResultRecorder(async (lines) => {
      writes.push([...lines]);
      await new Promise<void>((resolve) => {
        open = resolve;
      });
    });
    const first = [record('a', outcome(0)), record('b', outcome(0)), record('a', outcome(1))];
    while (writes.length < 1) await turn();
    const second = record('a', outcome(2));
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(writes).toEqual([
      [
        { id: 'a', line: JSON.stringify([outcome(0), outcome(1)]) },
        { id: 'b', line: JSON.stringify([outcome(0)]) },
      ],
    ]);
    open();
    await Promise.all(first);
    while (writes.length < 2) await turn();
    open();
    await second;
    expect(writes[1]).toEqual([{ id: 'a', line: JSON.stringify([outcome(2)]) }]);
  });

  it('that fails fails for those of its group alone', async () => {
    let isDown = true;
    const record = createResultRecorder(async () => {
      if (isDown) throw new Error('no room');
    });
    const lost = await Promise.allSettled([record('a', outcome(0)), record('b', outcome(0))]);
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    await record('a', outcome(1));
  });
});
