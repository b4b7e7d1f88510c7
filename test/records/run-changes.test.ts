import { expect, it, onTestFinished } from 'vitest';
import { judgeCanary } from '../../src/records/canary.ts';
import { restoreTally } from '../../src/records/report/report-tally.ts';
import { readChangedRun, writeChanges } from '../../src/records/run-changes.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from '../runs/run-settings.ts';

async function openRun() {
  const folder = await makeTemporaryFolder();
  onTestFinished(() => folder.remove());
  const state = createLocalStateStore(folder.path);
  const record = newRecord({
    id: 'one',
    settings: await settingsOf({ rate: 10 }),
    given: { rate: '10' },
    subject: {
      source: { address: '/photos', sameSubject: 'repeat' },
      engine: 'ooto',
      engineUrl: 'https://engine.example',
      account: 'account',
    },
  });
  const changed = (before: RunRecord) => readChangedRun(state, before);
  return { state, record, changed };
}

it('is the very run where nothing was asked for, or nothing that can be read', async () => {
  const { state, record, changed } = await openRun();
  expect(await changed(record)).toBe(record);
  await state.write('runs/one/changes.json', '{"schema":"rollcall.changes/1","at":');
  expect(await changed(record)).toBe(record);
});

it('has what was asked for last of each, until it is taken over', async () => {
  const { state, record, changed } = await openRun();
  await writeChanges(state, record, { rate: 20, concurrency: 3 });
  await writeChanges(state, record, { rate: 30, stopAfterFailures: undefined });
  const taken = await changed(record);
  expect(taken).toMatchObject({ concurrency: 3, settings: { rate: 30, stopAfterFailures: { share: 0.5 } } });
  expect(await changed(taken)).toBe(taken);
});

it('has each thing that was asked for, and nothing beside it', async () => {
  const { state, record, changed } = await openRun();
  const share = { share: 0.25 };
  await writeChanges(state, record, { stopAfterFailures: share });
  await writeChanges(state, record, { rate: undefined, stopAfterFailures: undefined });
  expect(await changed(record)).toEqual({
    ...record,
    changedAt: expect.any(String),
    settings: { ...record.settings, stopAfterFailures: share },
  });
  expect(Object.keys(await changed(record)).sort()).toEqual([...Object.keys(record), 'changedAt'].sort());
});

it('does not have again what it took over and what was changed since', async () => {
  const { state, record, changed } = await openRun();
  await writeChanges(state, record, { rate: 20 });
  const taken = await changed(record);
  await writeChanges(state, { ...taken, settings: { ...taken.settings, rate: 5 } }, { concurrency: 2 });
  const later = await changed({ ...taken, settings: { ...taken.settings, rate: 5 } });
  expect(later).toMatchObject({ concurrency: 2, settings: { rate: 5 } });
});

it('has what is asked for by a machine whose clock is behind that of the one before', async () => {
  const { state, record, changed } = await openRun();
  const ahead = { ...record, changedAt: new Date(Date.now() + 60_000).toISOString() };
  await writeChanges(state, ahead, { rate: 20 });
  expect((await changed(ahead)).settings.rate).toBe(20);
});

it('lets a canary go on that was refused, and no other', async () => {
  const { state, record, changed } = await openRun();
  const canary = judgeCanary({
    asked: 2,
    sample: { photos: 2, of: 9, folders: 1 },
    tally: restoreTally({ total: 2, byStatus: { rejected: 2 } }),
    accept: undefined,
  });
  await writeChanges(state, record, { acceptCanary: true });
  expect((await changed(record)).canary).toBeUndefined();
  const running = { ...record, canary: { ...canary, state: 'running' as const } };
  expect((await changed(running)).canary).toEqual(running.canary);
  const accepted = await changed({ ...record, canary });
  expect(accepted.canary).toEqual({ ...canary, state: 'accepted', acceptedBy: 'user' });
  expect(await changed({ ...accepted, canary })).toMatchObject({ canary: { state: 'refused' } });
});
