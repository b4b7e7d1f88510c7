import { isDeepStrictEqual } from 'node:util';
import type { StateStore } from '../../storage/state/state-store.ts';
import { listLedgerFiles } from '../ledger-files.ts';
import { stillThere } from './covered-files.ts';
import { type Entry, fileOf } from './entry.ts';
import { DamagedTable, openTable, type Table } from './read-table.ts';
import type { TableFacts } from './table-format.ts';
import { partitionsOf } from './table-partitions.ts';

/**
 * The snapshot of an account's ledger: what its lines say, sorted by subject, so that a night looks up what it lists and
 * need not read all lines first. It is derived: it may be deleted, torn or of any age, and is asked only about those files
 * of the ledger that are there as they were when it was made. The lines are what holds.
 */
export const snapshotPath = (account: string) => `ledger/${account}/snapshot.bin`;

export interface Snapshot {
  readonly facts: TableFacts;
  /** The ledger's files that it speaks for, by their paths. Other files' lines must be read. */
  readonly covers: ReadonlySet<string>;
  /** The entries of these files alone. @throws DamagedTable */
  find: Table['find'];
  /** All entries of these files, by partition: each is to be asked for once, in order. @throws DamagedTable */
  partitions(): ReturnType<typeof partitionsOf>;
  /** It may be asked again: then it is opened again. */
  close(): Promise<void>;
}

/** Undefined where there is none that can be used, and where the state has none (on S3). */
export async function openSnapshot(state: StateStore, account: string): Promise<Snapshot | undefined> {
  const { bytes } = state;
  const opened = await openTableOf(state, account);
  if (!bytes || !opened) return undefined;
  const { facts } = opened;
  let table: Table | undefined = opened;
  const close = async () => {
    const open = table;
    table = undefined;
    await open?.close();
  };
  async function reopen(): Promise<Table> {
    table = await openTableOf(state, account);
    if (table && isDeepStrictEqual(table.facts, facts)) return table;
    await close();
    throw new DamagedTable('another one is there by now');
  }
  try {
    const covers = await stillThere(bytes, {
      covered: facts.files,
      files: await listLedgerFiles(state, account),
    });
    const covered = new Map(
      facts.files.flatMap(({ path }, number) => (covers.has(path) ? [[path, number]] : [])),
    );
    const isThere = (entry: Entry) => covers.has(facts.files[fileOf(entry)]?.path ?? '');
    return {
      facts,
      covers,
      async find(subjectIds, options) {
        const found = await (table ?? (await reopen())).find(subjectIds, options);
        if (covers.size === facts.files.length) return found;
        return new Map([...found].map(([subjectId, entries]) => [subjectId, entries.filter(isThere)]));
      },
      partitions: () => partitionsOf(opened, covered),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What cannot be read is none: the lines have all of it. */
export async function openTableOf(state: StateStore, account: string): Promise<Table | undefined> {
  try {
    const file = await state.bytes?.open(snapshotPath(account));
    if (!file) return undefined;
    const table = await openTable(file).catch(() => undefined);
    if (!table) await file.close();
    return table;
  } catch {
    return undefined;
  }
}
