import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readCanarySample } from '../../../src/records/canary-sample.ts';
import { writeChanges } from '../../../src/records/run-changes.ts';
import { writeControl } from '../../../src/records/run-control.ts';
import { readRunEvents } from '../../../src/records/run-events.ts';
import { writeRunRecord } from '../../../src/records/run-record.ts';
import { acceptance } from '../../../src/settings/acceptance.ts';
import { type QueueServer, startEmbeddedQueue } from '../../helpers/queue-servers.ts';
import { until } from '../../helpers/until.ts';
import { enrolled, type Stage, setStage, type Work } from '../conducting.ts';
import { givenSource } from '../given-source.ts';

const rejected: Work = () => ({
  outcome: {
    status: 'rejected',
    stored: 'no',
    attempts: 1,
    error: { kind: 'rejected', code: '5', message: 'can not detect face' },
    finishedAt: new Date().toISOString(),
  },
});
/** Every tenth photo of the folder is refused. */
const tenthRejected: Work = (job, signal) =>
  job.data.seq % 10 === 0 ? rejected(job, signal) : enrolled(job, signal);

const photoOf = (index: number) => `/photos/${index % 4 === 0 ? 'north' : 'south'}/${index}.jpg`;
const inOrder = (seqs: readonly number[]) => [...seqs].sort((a, b) => a - b);

describe('a canary', () => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await startEmbeddedQueue();
  });
  afterAll(() => server.close());

  async function stageOf(options: Parameters<typeof setStage>[1]): Promise<Stage> {
    const stage = await setStage(server, options);
    onTestFinished(stage.close);
    return stage;
  }
  const sampleOf = async ({ state, runId }: Stage) => (await readCanarySample(state, runId))?.seqs ?? [];
  const kindsOf = async ({ state, runId }: Stage) =>
    (await readRunEvents(state, runId)).map((event) => (event.kind === 'paused' ? event.cause : event.kind));
  const accept = async (stage: Stage) =>
    writeChanges(stage.state, await stage.record(), { acceptCanary: true });

  it('is called first, from every folder, and the rest follows by itself', async () => {
    const stage = await stageOf({ source: givenSource(400, { photoOf }), settings: { canary: 20 } });
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { byStatus: { enrolled: 400 } } });
    const sample = await sampleOf(stage);
    expect(inOrder(stage.worked.slice(0, 20))).toEqual(sample);
    expect(inOrder(stage.worked)).toHaveLength(400);
    const ofNorth = sample.filter((seq) => photoOf(seq).includes('north'));
    expect(ofNorth).toHaveLength(5);
    expect((await stage.record()).canary).toMatchObject({
      ...{ state: 'accepted', acceptedBy: 'figures', asked: 20, photos: 20, of: 400, folders: 2 },
      ...{ done: 20, judged: 20, calls: 20, byStatus: { enrolled: { photos: 20, share: 1, high: 1 } } },
    });
    expect(await kindsOf(stage)).toEqual(['started', 'canary-accepted', 'ended']);
  });

  it('pauses the run where it is refused, again and again, until somebody decides', async () => {
    const stage = await stageOf({ source: givenSource(200), work: rejected, settings: { canary: 10 } });
    const end = await stage.conduct();
    expect(end).toMatchObject({ kind: 'paused' });
    expect((await stage.record()).waitsFor).toBe(
      `its canary of 10 photos was refused: rejected 10 of 10 (100 %; of all between 69 % and 100 %), where rejected<=5% is asked. Most frequent: code 5 (10): can not detect face. What helps: photos that show the whole face from the front, upright and well lit. To go on all the same: rollcall resume ${stage.runId} (without a worker, then start the command again). To judge it by other rules: rollcall set ${stage.runId} --canary-accept 'rejected<=100%', then start the command again. All figures: rollcall status ${stage.runId}`,
    );
    const refused = (await stage.record()).canary;
    expect(refused).toMatchObject({ state: 'refused', byCode: { 5: { photos: 10 } } });
    // The command, started again, is no decision.
    await writeControl(stage.state, stage.runId, 'run');
    expect(await stage.conduct()).toEqual(end);
    expect(stage.worked).toHaveLength(10);
    expect((await stage.record()).canary).toEqual(refused);
    await accept(stage);
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 200 } });
    expect((await stage.record()).canary).toEqual({ ...refused, state: 'accepted', acceptedBy: 'user' });
    expect(stage.worked).toHaveLength(200);
    expect(await kindsOf(stage)).toEqual(['started', 'canary', 'resumed', 'canary', 'resumed', 'ended']);
  });

  it('is judged again by other rules', async () => {
    const stage = await stageOf({ source: givenSource(100), work: rejected, settings: { canary: 10 } });
    expect(await stage.conduct()).toMatchObject({ kind: 'paused' });
    const canaryAccept = acceptance.read.parse('rejected<=10,failed<=0');
    await writeChanges(stage.state, await stage.record(), { canaryAccept });
    expect(await stage.conduct()).toMatchObject({ kind: 'over' });
    expect((await stage.record()).canary).toMatchObject({
      state: 'accepted',
      acceptedBy: 'figures',
      photos: 10,
    });
  });

  it('is the same for whoever goes on, and judged when each of its photos has its line', async () => {
    const leave = new AbortController();
    let left = 0;
    const stage = await stageOf({
      source: givenSource(300, { photoOf }),
      settings: { canary: 30 },
      concurrency: 1,
      work: async (job, signal) => {
        left += 1;
        if (left === 12) leave.abort();
        return tenthRejected(job, signal);
      },
    });
    expect(await stage.conduct({ signal: leave.signal })).toMatchObject({ kind: 'interrupted' });
    const sample = await sampleOf(stage);
    expect((await stage.record()).canary).toMatchObject({ state: 'running', photos: 30 });
    const lines = await stage.report();
    expect(lines.length).toBeLessThan(30);
    expect(sample).toEqual(expect.arrayContaining(lines.map(({ seq }) => seq)));
    await stage.conduct();
    expect(await sampleOf(stage)).toEqual(sample);
    const tenths = sample.filter((seq) => seq % 10 === 0).length;
    const { canary } = await stage.record();
    expect(canary?.byStatus.rejected?.photos ?? 0).toBe(tenths);
    expect(canary?.state).toBe(tenths <= 1 ? 'accepted' : 'refused');
  });

  it('waits for the whole list, and calls nobody before', async () => {
    let listed = 0;
    const wait = new AbortController();
    const source = givenSource(50, {
      before: async (index) => {
        listed = index;
        if (index === 40) await once(wait.signal, 'abort');
      },
    });
    const stage = await stageOf({ source, settings: { canary: 5 } });
    const conducting = stage.conduct();
    await until(() => listed === 40);
    await until(async () => (await stage.record()).canary?.state === 'listing');
    expect(stage.worked).toEqual([]);
    wait.abort();
    expect(await conducting).toMatchObject({ kind: 'over', summary: { total: 50 } });
  });

  it.each([
    ['as many as there are', 7, { photos: 7, of: 7 }],
    ['none', 0, { photos: 0, of: 0 }],
  ])('is of %s where there are no more', async (_, count, expected) => {
    const stage = await stageOf({
      source: givenSource(count),
      settings: { canary: 100, allowEmpty: true },
    });
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: count } });
    expect((await stage.record()).canary).toMatchObject({ state: 'accepted', asked: 100, ...expected });
  });

  it('ends with its run where it is the whole list, and says that it would have been refused', async () => {
    const stage = await stageOf({ source: givenSource(5), work: rejected, settings: { canary: 100 } });
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 5 } });
    expect((await stage.record()).canary).toMatchObject({ state: 'refused', photos: 5 });
  });

  it('is not called accepted where its run was cancelled in the midst of it', async () => {
    let begun = 0;
    const stage = await stageOf({
      source: givenSource(300),
      settings: { canary: 50 },
      concurrency: 2,
      work: async (job, signal) => {
        begun += 1;
        if (begun > 10) await once(signal, 'abort');
        return enrolled(job, signal);
      },
    });
    const conducting = stage.conduct();
    await until(() => begun > 10);
    await writeControl(stage.state, stage.runId, 'cancel');
    expect(await conducting).toMatchObject({ kind: 'over', summary: { state: 'cancelled', total: 300 } });
    const { canary } = await stage.record();
    expect(canary).toMatchObject({ state: 'cancelled', photos: 50 });
    expect(canary?.byStatus.cancelled).toBeUndefined();
    expect(canary?.done).toBe((await stage.report()).filter(({ status }) => status === 'enrolled').length);
  });

  it('calls no photo before an earlier one of its subject', async () => {
    const subjectOf = (index: number) => `person-${index % 20}`;
    const stage = await stageOf({
      source: givenSource(200, { subjectOf }),
      settings: { canary: 15, repeat: 'each' },
    });
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { byStatus: { enrolled: 200 } } });
    expect((await stage.record()).canary).toMatchObject({ photos: 15, of: 20 });
    for (let person = 0; person < 20; person += 1) {
      const seqs = stage.worked.filter((seq) => seq % 20 === person);
      expect(seqs).toEqual(inOrder(seqs));
    }
  });

  it('draws only what needs a call', async () => {
    // Three of four rows are a person who was there before.
    const subjectOf = (index: number) => `person-${index % 25}`;
    const stage = await stageOf({ source: givenSource(100, { subjectOf }), settings: { canary: 40 } });
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { byReason: { repeated: 75 } } });
    expect((await stage.record()).canary).toMatchObject({ photos: 25, of: 25, judged: 25 });
  });

  it('leaves a list that is set up wrong to the watch of its first photos', async () => {
    const photo: Work = () => ({
      outcome: {
        status: 'failed',
        stored: 'no',
        error: { kind: 'photo', message: 'it is not there' },
        finishedAt: new Date().toISOString(),
      },
    });
    const stage = await stageOf({ source: givenSource(1_500), work: photo, settings: { canary: 30 } });
    const commandInstead = () => 'rollcall run elsewhere';
    expect(await stage.conduct({ commandInstead })).toMatchObject({
      waitsFor: expect.stringMatching(/where failed<=1% is asked. Most frequent: code photo \(30\)/u),
    });
    await accept(stage);
    expect(await stage.conduct({ commandInstead })).toMatchObject({
      kind: 'paused',
      waitsFor: expect.stringContaining('rollcall run elsewhere'),
    });
  });

  it('stands although run.json is put together again from its first form', async () => {
    const stage = await stageOf({ source: givenSource(120), work: rejected, settings: { canary: 10 } });
    const first = await stage.record();
    expect(await stage.conduct()).toMatchObject({ kind: 'paused' });
    await writeRunRecord(stage.state, first);
    expect(await stage.conduct()).toMatchObject({
      kind: 'paused',
      waitsFor: expect.stringContaining('canary'),
    });
    await accept(stage);
    const leave = new AbortController();
    const leaving = stage.conduct({ signal: leave.signal, window: 20 });
    await until(() => stage.worked.length > 30);
    leave.abort();
    await leaving;
    await writeRunRecord(stage.state, first);
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 120 } });
    expect((await stage.record()).canary).toMatchObject({ state: 'accepted', byStatus: {} });
  });

  it('does not guess a sample that was damaged', async () => {
    const stage = await stageOf({ source: givenSource(120), work: rejected, settings: { canary: 10 } });
    expect(await stage.conduct()).toMatchObject({ kind: 'paused' });
    await writeFile(stage.state.locate(`runs/${stage.runId}/canary-sample.json`), '{"seqs":[');
    await expect(stage.conduct()).rejects.toThrow(/canary-sample\.json is damaged/u);
  });
});
