import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type CoverageRecord,
  listCoverageRecords,
  writeCoverageRecord,
} from '../../src/records/audit/coverage-record.ts';
import { findOldCoverages } from '../../src/runs/prune.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
let state: StateStore;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(() => folder.remove());

const write = (list: string, at: string, account = 'a1') => {
  const record: CoverageRecord = {
    schema: 'rollcall.coverage-record/1',
    ...{ account, list, at, people: 1, byStatus: { enrolled: 1 } },
  };
  return writeCoverageRecord(state, { path: `/lists/${list}`, record });
};
const atOf = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
const lists = async () => (await listCoverageRecords(state)).map(({ record }) => record.list);

it('has one of each list, the newest; of many lists the newest twenty, whoever writes at the same time', async () => {
  await write('staff.csv', atOf(0));
  await write('staff.csv', atOf(1));
  expect(await lists()).toEqual(['staff.csv']);
  await Promise.all(Array.from({ length: 30 }, (_, index) => write(`${index}.csv`, atOf(index + 2))));
  await write('last.csv', atOf(60));
  await write('other.csv', atOf(61), 'a2');
  const newest = Array.from({ length: 19 }, (_, index) => `${29 - index}.csv`);
  expect(await lists()).toEqual(['other.csv', 'last.csv', ...newest]);
});

it('is found by prune once it is old enough; what cannot be read is passed over', async () => {
  await write('old.csv', atOf(0));
  await write('new.csv', atOf(10));
  await state.write('coverage/a1/torn.json', '{');
  const old = await findOldCoverages(state, atOf(5));
  expect(old).toHaveLength(1);
  expect(old[0]).toMatch(/^coverage\/a1\/[\da-f]{16}\.json$/u);
});
