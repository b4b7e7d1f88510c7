import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listReadableRuns, listRunRecords, writeRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError } from '../../src/util/errors.ts';
import { givenSource } from '../conductor/given-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from '../runs/run-settings.ts';

describe('the runs of a state', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    const store = createLocalStateStore(folder.path);
    // As for a user to whom a folder is closed; root may read everything.
    state = {
      ...store,
      read: (path) =>
        path.startsWith('runs/of-another/')
          ? Promise.reject(new FaultError('state', 'belongs to bob'))
          : store.read(path),
    };
    const subject = { source: givenSource(1), engine: 'ooto', engineUrl: 'https://e', account: 'a' };
    for (const id of ['first', 'of-another', 'second'])
      await writeRunRecord(store, newRecord({ id, settings: await settingsOf(), subject }));
    await store.write('runs/broken/run.json', '{');
  });
  afterAll(() => folder.remove());

  it('are listed, and those that cannot be read are named', async () => {
    const { records, unreadable } = await listReadableRuns(state);
    expect(records.map(({ id }) => id).sort()).toEqual(['first', 'second']);
    expect(unreadable.map(({ id, fault }) => [id, fault.message]).sort()).toEqual([
      ['broken', expect.stringContaining('is damaged')],
      ['of-another', 'belongs to bob'],
    ]);
  });

  it('are not given without those, where all of them count', async () => {
    await expect(listRunRecords(state)).rejects.toBeInstanceOf(FaultError);
  });
});
