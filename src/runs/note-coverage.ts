import { basename, resolve } from 'node:path';
import { type CoverageRecord, writeCoverageRecord } from '../records/audit/coverage-record.ts';
import { runsFolder } from '../records/run-record.ts';
import type { Rollcall } from './open-rollcall.ts';

/**
 * Notes what `coverage` found, for the page. Where the state has no run there is no account to show it with, and perhaps no
 * state at all: nothing is noted, and no folder made.
 */
export async function noteCoverage(
  { state, folder, engine }: Pick<Rollcall, 'state' | 'folder' | 'engine'>,
  { list, ...counts }: Pick<CoverageRecord, 'list' | 'people' | 'byStatus'>,
): Promise<void> {
  if ((await state.list(runsFolder)).length === 0) return;
  const path = resolve(folder, list);
  const at = new Date().toISOString();
  const { account } = engine();
  await writeCoverageRecord(state, {
    path,
    record: { schema: 'rollcall.coverage-record/1', account, list: basename(path), at, ...counts },
  });
}
