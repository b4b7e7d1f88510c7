import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GivenSettings } from '../../src/engines/settings.ts';
import { readControl, writeControl } from '../../src/records/run-control.ts';
import {
  listRunRecords,
  type RunRecord,
  readRunRecord,
  runRecordSchema,
  writeRunRecord,
} from '../../src/records/run-record.ts';
import { createOrResumeRun, newRunId, type RunSubject } from '../../src/runs/create-or-resume-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError, UsageError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf, textsOf } from './run-settings.ts';

const subject: RunSubject = {
  source: { address: '/photos', sameSubject: 'collision' },
  engine: 'ooto',
  engineUrl: 'https://engine.example',
  account: 'a1',
};

describe('starting a run', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterEach(() => folder.remove());

  const start = async (
    flags: GivenSettings = {},
    more: { about?: Partial<RunSubject>; alwaysNew?: boolean } = {},
  ) =>
    createOrResumeRun({
      state,
      settings: await settingsOf(flags),
      given: await textsOf(flags),
      subject: { ...subject, ...more.about },
      alwaysNew: more.alwaysNew ?? false,
    });
  const end = (record: RunRecord, kind: RunRecord['state']) =>
    writeRunRecord(state, { ...record, state: kind });
  const from = (address: string) => ({ source: { ...subject.source, address } });

  it('writes down what the run is about', async () => {
    const { record, resumed } = await start({ limit: 5, require: 'liveness' });
    expect(resumed).toBe(false);
    const written = await readRunRecord(state, record.id);
    expect(runRecordSchema.parse(written)).toMatchObject({
      state: 'active',
      source: '/photos',
      account: 'a1',
      epoch: 0,
      settings: {
        limit: 5,
        require: ['liveness'],
        checkLiveness: true,
        checkDeepfake: false,
        sameSubject: 'collision',
      },
    });
  });

  it('goes on with the newest unfinished run of the same source and account', async () => {
    const first = await start();
    const second = await start({}, { alwaysNew: true });
    await writeRunRecord(state, { ...second.record, createdAt: '2999-01-01T00:00:00.000Z' });
    expect((await start()).record.id).toBe(second.record.id);
    await end(second.record, 'finished');
    expect(await start()).toMatchObject({ resumed: true, record: { id: first.record.id } });
    await end(first.record, 'cancelled');
    expect((await start()).resumed).toBe(false);
  });

  it('goes on with another day of an inventory whose folder was named, and with no other inventory', async () => {
    const day = (date: string, folder = 's3://b/daily/') => `${folder}2026-11-${date}T01-00Z/manifest.json`;
    const newest = (date: string, folder?: string) => ({
      source: { ...from(day(date, folder)).source, newestIn: folder ?? 's3://b/daily/' },
    });
    const { record } = await start({}, { about: newest('28') });
    expect(record.source).toBe(day('28'));
    const again = await start({}, { about: newest('29') });
    expect(again).toMatchObject({ resumed: true, record: { id: record.id, source: day('28') } });
    expect((await start({}, { about: newest('29', 's3://b/other/') })).resumed).toBe(false);
    await end(record, 'finished');
    const next = await start({}, { about: newest('30') });
    expect(next).toMatchObject({ resumed: false, record: { source: day('30') } });
    expect((await start({}, { about: from(day('29')) })).resumed).toBe(false);
  });

  it('goes on with a paused run too', async () => {
    const { record } = await start();
    await end(record, 'paused');
    expect(await start()).toMatchObject({ resumed: true, record: { id: record.id } });
  });

  it.each([
    ['another source', { about: from('/others') }],
    ['another account', { about: { account: 'a2' } }],
    ['--new', { alwaysNew: true }],
  ])('starts another run for %s', async (_, more) => {
    const { record } = await start();
    const other = await start({}, more);
    expect(other.resumed).toBe(false);
    expect(other.record.id).not.toBe(record.id);
  });

  it('never takes one pipe for another', async () => {
    await start({}, { about: from('-') });
    expect((await start({}, { about: from('-') })).resumed).toBe(false);
    const named = await start({ runId: 'pipe' }, { about: from('-') });
    expect(named.resumed).toBe(false);
    expect((await start({ runId: 'pipe' }, { about: from('-') })).resumed).toBe(true);
  });

  it.each<[string, GivenSettings, Partial<RunSubject>]>([
    ['the source (its own: /photos)', {}, from('/others')],
    ['the account (its own: ooto at https://engine.example)', {}, { account: 'a2' }],
    ['--id-from {id}/{photo}.{ext} (its own: {id}.{ext})', { idFrom: '{id}/{photo}.{ext}' }, {}],
    ['--repeat last (its own: first)', { repeat: 'last' }, {}],
    ['--include *.jpg (its own: none)', { include: '*.jpg' }, {}],
    ['--exclude *.jpg (its own: none)', { exclude: '*.jpg' }, {}],
    ['--redrive all (its own: unsettled)', { redrive: 'all' }, {}],
    ['--limit 3 (its own: none)', { limit: 3 }, {}],
    ['--check-liveness on (its own: off)', { checkLiveness: true }, {}],
    ['--check-deepfake on (its own: off)', { checkDeepfake: true }, {}],
    ['--require deepfake (its own: none)', { require: 'deepfake' }, {}],
  ])('with --run-id refuses what the run is not about: %s', async (named, flags, about) => {
    await start({ runId: 'mine' });
    const error = await start({ runId: 'mine', ...flags }, { about }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(named);
    expect(error.message).toContain('--new');
  });

  it('takes how it is worked on anew, and keeps what it was given before where nothing is said', async () => {
    await start({ runId: 'mine', maxCalls: 7 });
    const { record } = await start({
      runId: 'mine',
      maxAttempts: 2,
      backoff: '2s..3s',
      stopAfterFailures: '9',
    });
    expect(record.settings).toMatchObject({
      maxAttempts: 2,
      backoff: { firstDelayInMs: 2000, ceilingInMs: 3000 },
      stopAfterFailures: { count: 9 },
      maxCalls: 7,
    });
    expect((await readRunRecord(state, 'mine'))?.settings).toEqual(record.settings);
  });

  it('leaves the record of a run alone that another process conducts, where nothing is new', async () => {
    const { record } = await start({ runId: 'mine' });
    const conducted = { ...record, epoch: 3, listed: { count: 5, sha256: 'x' } };
    await writeRunRecord(state, conducted);
    const before = await state.read('runs/mine/run.json');
    await start({ runId: 'mine' });
    expect(await state.read('runs/mine/run.json')).toEqual(before);
  });

  it('changes nothing of a run that is over', async () => {
    const { record } = await start({ runId: 'mine' });
    await end(record, 'finished');
    const before = await state.read('runs/mine/run.json');
    expect((await start({ runId: 'mine', maxAttempts: 9 })).record.state).toBe('finished');
    expect(await state.read('runs/mine/run.json')).toEqual(before);
  });

  it('makes ids that sort by time, are good names, and differ within one second', () => {
    const ids = Array.from({ length: 2_000 }, () => newRunId());
    expect(new Set(ids).size).toBe(2_000);
    for (const id of ids) expect(id).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]+$/);
  });

  it('repairs a torn run.json, or says which file cannot be read', async () => {
    const { record } = await start({ runId: 'mine' });
    await writeFile(state.locate('runs/mine/run.json'), '{"schema":"rollcall.run/1","id":');
    expect(await readRunRecord(state, 'mine')).toMatchObject({ id: record.id, source: '/photos' });
    for (const { name } of await state.list('runs/mine'))
      await writeFile(state.locate(`runs/mine/${name}`), '{');
    const error = await readRunRecord(state, 'mine').catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FaultError);
    expect(error.message).toContain(state.locate('runs/mine/run.json'));
  });

  it('lists the newest run first, and no folder without a record', async () => {
    for (const [id, year] of [
      ['b', 2026],
      ['a', 2028],
      ['c', 2027],
    ] as const) {
      const { record } = await start({ runId: id }, { alwaysNew: true });
      await writeRunRecord(state, { ...record, createdAt: `${year}-01-01T00:00:00.000Z` });
    }
    await state.write('runs/half/manifest.jsonl', '');
    expect((await listRunRecords(state)).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });
});

describe('what a person asked of a run', () => {
  it('is the last word, and to run where there is none or none that can be read', async () => {
    const folder = await makeTemporaryFolder();
    const state = createLocalStateStore(folder.path);
    expect(await readControl(state, 'r')).toEqual({ wanted: 'run', at: '' });
    await writeControl(state, 'r', 'pause');
    await writeControl(state, 'r', 'cancel');
    expect(await readControl(state, 'r')).toMatchObject({ wanted: 'cancel' });
    for (const wrong of ['', '{', 'null', '{"wanted":"explode","at":""}']) {
      await state.write('runs/r/control.json', wrong);
      expect((await readControl(state, 'r')).wanted).toBe('run');
    }
    await folder.remove();
  });
});
