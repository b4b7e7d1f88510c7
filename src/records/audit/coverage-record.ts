import { hash } from 'node:crypto';
import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { parseAs } from '../../util/json-text.ts';
import { coverageStatuses } from './coverage-line.ts';

/**
 * `coverage/<account>/<list>.json`: what became of a list of people when it was last looked at, in counts. It names nobody,
 * nor has it a hash of the list: that of a short one could be guessed.
 */
const coverageFolder = 'coverage';

export const coverageRecordSchema = z.object({
  schema: z.literal('rollcall.coverage-record/1'),
  account: z.string(),
  /** The file's name, without its folder. */
  list: z.string(),
  /** ISO time. */
  at: z.string(),
  people: z.number(),
  byStatus: z.partialRecord(z.enum(coverageStatuses), z.number()),
});
export type CoverageRecord = z.infer<typeof coverageRecordSchema>;

/** Of other lists the oldest is dropped. */
const mostLists = 20;

/** In place of what was known of the list, by its whole path. */
export async function writeCoverageRecord(
  state: StateStore,
  { path, record }: { path: string; record: CoverageRecord },
): Promise<void> {
  const folder = `${coverageFolder}/${record.account}`;
  await state.write(`${folder}/${hash('sha256', path).slice(0, 16)}.json`, `${JSON.stringify(record)}\n`);
  if ((await state.list(folder)).length <= mostLists) return;
  const old = (await readRecordsOf(state, record.account)).slice(mostLists);
  await removeCoverageRecords(
    state,
    old.map((each) => each.path),
  );
}

/** A record and where it is kept. */
interface KeptCoverage {
  readonly path: string;
  readonly record: CoverageRecord;
}

/** Of all accounts, the newest first. Notes, no proofs: what cannot be read is passed over. */
export async function listCoverageRecords(state: StateStore): Promise<KeptCoverage[]> {
  const accounts = (await state.list(coverageFolder)).filter(({ isFolder }) => isFolder);
  const ofEach = await Promise.all(accounts.map(({ name }) => readRecordsOf(state, name)));
  return ofEach.flat().sort(newestFirst);
}

export async function removeCoverageRecords(state: StateStore, paths: readonly string[]): Promise<void> {
  for (const path of paths) await state.remove(path);
}

const newestFirst = ({ record: one }: KeptCoverage, { record: other }: KeptCoverage) =>
  one.at < other.at ? 1 : -1;

async function readRecordsOf(state: StateStore, account: string): Promise<KeptCoverage[]> {
  const folder = `${coverageFolder}/${account}`;
  const records: KeptCoverage[] = [];
  for (const { name } of await state.list(folder)) {
    const path = `${folder}/${name}`;
    const text = (await state.read(path))?.toString();
    const record = text === undefined ? undefined : parseAs(coverageRecordSchema, text);
    if (record) records.push({ path, record });
  }
  return records.sort(newestFirst);
}
