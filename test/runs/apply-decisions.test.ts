import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasUpload, saveUpload } from '../../src/records/inbox/upload.ts';
import { readManifest } from '../../src/records/manifest.ts';
import { listRunRecords, readRunRecord, writeRunRecord } from '../../src/records/run-record.ts';
import { findOldRuns, removeRuns } from '../../src/runs/prune.ts';
import { applyDecisions } from '../../src/runs/review/apply-decisions.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeReviewScene, type ReviewScene, writeOverRun } from './review-scene.ts';

const signal = new AbortController().signal;

let scene: ReviewScene;
beforeEach(async () => {
  scene = await makeReviewScene([
    { status: 'failed' },
    { status: 'enrolled' },
    { status: 'rejected' },
    { status: 'duplicate' },
    { status: 'failed', error: { kind: 'collision', message: 'two of them' } },
    { status: 'failed', error: { kind: 'manifest', message: 'no subject' } },
  ]);
});
afterEach(() => scene.remove());

const apply = (state?: StateStore, record = scene.record) =>
  applyDecisions(scene.tools(state), record, signal);

async function listOf(runId: string) {
  const lines = [];
  for await (const batch of readManifest(scene.state, runId)) lines.push(...batch.map(({ line }) => line));
  return lines;
}
const otherRuns = async () =>
  (await listRunRecords({ ...scene.state })).filter(({ id }) => id !== scene.record.id);

describe('decisions that are applied', () => {
  it('become one run, with the account and the settings of the first, and each photo once', async () => {
    const upload = await saveUpload(scene.state, scene.record.id, Buffer.from('picture'));
    const edit = { rotate: 90 as const };
    await scene.decide(
      { seq: 4, action: 'enroll-anyway' },
      { seq: 3, action: 'edit', edit },
      { seq: 1, action: 'retry' },
      { seq: 1, action: 'retry-file', upload },
      { seq: 5, action: 'hand-on' },
      { seq: 6, action: 'leave-out', reason: 'nobody knows' },
    );
    const { runId = '', sent, counts } = await apply();
    expect(sent).toBe(3);
    expect(counts).toEqual({ 'enroll-anyway': 1, edit: 1, 'retry-file': 1, 'hand-on': 1, 'leave-out': 1 });
    expect(await listOf(runId)).toEqual([
      { seq: 1, subjectId: 'subject-1', photo: '/archive/1.jpg', version: 'v1', decided: { upload } },
      {
        seq: 2,
        subjectId: 'subject-3',
        photo: '/archive/3.jpg',
        version: 'v1',
        sizeInBytes: 1_000,
        decided: { edit },
      },
      {
        ...{ seq: 3, subjectId: 'subject-4', photo: '/archive/4.jpg', version: 'v1', sizeInBytes: 1_000 },
        decided: { enrollAnyway: true },
      },
    ]);
    expect(await readRunRecord(scene.state, runId)).toMatchObject({
      ...{
        state: 'active',
        epoch: 0,
        source: '-',
        origin: '/archive',
        rootFolder: '/archive',
        account: 'account',
      },
      settings: { sameSubject: 'collision', incremental: false },
      listed: { count: 3 },
    });
    expect(scene.announced).toEqual([runId]);
    expect(await hasUpload(scene.state, runId, upload)).toBe(true);
    expect(await hasUpload(scene.state, scene.record.id, upload)).toBe(false);
  });

  it('twice are once; what is decided later is a run of its own without the photos of the first', async () => {
    await scene.decide({ seq: 1 });
    const first = await apply();
    expect(await apply()).toEqual({ ...first, sent: 0 });
    await scene.decide({ seq: 1, action: 'retry' }, { seq: 3, action: 'retry' });
    const second = await apply();
    expect(second).toMatchObject({ sent: 1 });
    expect(second.runId).not.toBe(first.runId);
    expect((await listOf(second.runId ?? '')).map(({ subjectId }) => subjectId)).toEqual(['subject-3']);
    expect(await apply()).toEqual({ ...second, sent: 0 });
  });

  it('at the same moment, by many, and with no lease that keeps them apart, are once', async () => {
    await scene.decide({ seq: 1 }, { seq: 3 });
    const withoutLeases = { ...scene.tools(), queue: unguarded(scene.tools().queue) };
    const ends = await Promise.all(
      Array.from({ length: 8 }, () => applyDecisions(withoutLeases, scene.record, signal)),
    );
    expect(new Set(ends.map(({ runId }) => runId)).size).toBe(1);
    const [run, ...others] = await otherRuns();
    expect(others).toEqual([]);
    expect((await listOf(run?.id ?? '')).map(({ subjectId }) => subjectId)).toEqual([
      'subject-1',
      'subject-3',
    ]);
  });

  it('killed after any step and applied again are one run, with the file that was given', async () => {
    for (let steps = 0; ; steps += 1) {
      await scene.remove();
      scene = await makeReviewScene([{ status: 'failed' }, { status: 'rejected' }]);
      const upload = await saveUpload(scene.state, scene.record.id, Buffer.from('picture'));
      await scene.decide({ seq: 1 }, { seq: 2, action: 'retry-file', upload });
      const died = await apply(dyingAfter(scene.state, steps)).then(
        () => false,
        (error) => error.message === 'died',
      );
      // Decided in between: it is no part of what was begun.
      const { runId = '' } = await apply();
      const runs = await otherRuns();
      expect(runs.map(({ id }) => id)).toEqual([runId]);
      expect(await listOf(runId)).toHaveLength(2);
      expect(await hasUpload(scene.state, runId, upload)).toBe(true);
      expect(await hasUpload(scene.state, scene.record.id, upload)).toBe(false);
      if (!died) break;
      expect(steps).toBeLessThan(50);
    }
  });

  it('leave a run alone that goes on already, and make none again that was pruned', async () => {
    await scene.decide({ seq: 1 });
    const { runId = '' } = await apply();
    const made = await readRunRecord(scene.state, runId);
    if (!made) throw new Error('no run');
    await writeRunRecord(scene.state, { ...made, epoch: 7, state: 'finished' });
    await apply();
    expect((await readRunRecord(scene.state, runId))?.epoch).toBe(7);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const { old } = await findOldRuns(scene.state, tomorrow);
    await removeRuns(
      scene.state,
      old.filter(({ id }) => id === runId),
    );
    expect(await apply()).toMatchObject({ runId, sent: 0 });
    expect(await otherRuns()).toEqual([]);
  });

  it('are a chain: dead letters of the new run are decided in their turn, and keep what was decided before', async () => {
    const edit = { rotate: 180 as const };
    await scene.decide({ seq: 3, action: 'edit', edit });
    const { runId = '' } = await apply();
    const made = await readRunRecord(scene.state, runId);
    if (!made) throw new Error('no run');
    const list = await listOf(runId);
    await writeOverRun(scene.state, { ...made, state: 'finished' }, [
      { status: 'rejected', subjectId: 'subject-3' },
    ]);
    await scene.state.write(`runs/${runId}/manifest.jsonl`, `${JSON.stringify(list[0])}\n`);
    const record = await readRunRecord(scene.state, runId);
    if (!record) throw new Error('no run');
    const decision = {
      schema: 'rollcall.decision/1',
      seq: 1,
      action: 'retry',
      by: 'bob',
      at: '2026-11-24T00:00:00Z',
    };
    await scene.state.write(`runs/${runId}/decisions/bob-1.jsonl`, `${JSON.stringify(decision)}\n`);
    const { runId: third = '' } = await apply(undefined, record);
    expect(await listOf(third)).toEqual([{ ...list[0], decided: { edit } }]);
    expect((await readRunRecord(scene.state, third))?.origin).toBe('/archive');
  });

  it.each([
    [{ seq: 2, action: 'retry' }, 'photo 2 is no dead letter'],
    [{ seq: 99, action: 'retry' }, 'photo 99 is no dead letter'],
    [{ seq: 5, action: 'retry' }, 'photo 5 collides with another photo'],
    [{ seq: 5, action: 'edit', edit: { rotate: 90 } }, 'photo 5 collides with another photo'],
    [{ seq: 6, action: 'retry' }, 'photo 6 is a row that names no photo'],
    [{ seq: 1, action: 'enroll-anyway' }, 'photo 1 is no duplicate'],
    [{ seq: 1, action: 'retry-file', upload: 'gone' }, 'photo 1 has no file any more'],
    [{ seq: 1, action: 'retry-file' }, 'photo 1 retry-file needs a file'],
  ] as const)('cannot be %j: nothing is made, and the photo is named', async (decision, message) => {
    await scene.decide({ seq: 3, action: 'retry' }, decision);
    await expect(apply()).rejects.toThrow(message);
    expect(await otherRuns()).toEqual([]);
    // Taken back, the others go on.
    await scene.decide({ seq: decision.seq, action: 'undecided' });
    expect(await apply()).toMatchObject({ sent: 1 });
  });

  it('wait for the end of their run', async () => {
    await scene.decide({ seq: 1 });
    for (const runState of ['active', 'paused'] as const)
      await expect(apply(undefined, { ...scene.record, state: runState })).rejects.toThrow('is not over');
    expect(await otherRuns()).toEqual([]);
  });

  it('are no run where nothing is to be sent', async () => {
    expect(await apply()).toEqual({ runId: undefined, sent: 0, counts: {} });
    await scene.decide(
      { seq: 1, action: 'hand-on' },
      { seq: 3, action: 'retry' },
      { seq: 3, action: 'undecided' },
    );
    expect(await apply()).toEqual({ runId: undefined, sent: 0, counts: { 'hand-on': 1, undecided: 1 } });
    expect(await otherRuns()).toEqual([]);
  });
});

/** Leases that everybody gets. */
function unguarded(queue: ReturnType<ReviewScene['tools']>['queue']): typeof queue {
  return async () => {
    const backend = await queue();
    return {
      ...backend,
      leases: { ...backend.leases, acquire: async () => ({ epoch: 1 }), release: async () => undefined },
    };
  };
}

/** The process dies before the change after this many. */
function dyingAfter(state: StateStore, steps: number): StateStore {
  let left = steps;
  const step = () => {
    if (left === 0) throw new Error('died');
    left -= 1;
  };
  return {
    ...state,
    async write(path, content) {
      step();
      await state.write(path, content);
    },
    async create(path, content) {
      step();
      return state.create(path, content);
    },
    async remove(path) {
      step();
      await state.remove(path);
    },
    async openWriter(path) {
      step();
      const writer = await state.openWriter(path);
      return {
        ...writer,
        async commit() {
          step();
          await writer.commit();
        },
      };
    },
  };
}
