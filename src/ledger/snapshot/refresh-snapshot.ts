import { hash } from 'node:crypto';
import type { ByteFiles, StateStore } from '../../storage/state/state-store.ts';
import { checkCode } from '../known-photos.ts';
import { createGivenIds, type GivenIds, isAskedByTemplate } from '../known-templates.ts';
import { type LedgerEvent, parseLedgerEvent, sourceNameOf } from '../ledger-event.ts';
import { type LedgerFile, listLedgerFiles, readLedgerFile } from '../ledger-files.ts';
import { type CoveredFile, checkFile, stillThere } from './covered-files.ts';
import { cutFilesOf } from './cut-files.ts';
import {
  entryWords,
  hasBlanks,
  most,
  partitionBits,
  wayOf,
  writeEntry,
  writeTemplateEntry,
} from './entry.ts';
import { type GatheredEntries, gatherEntries, joined } from './gather-entries.ts';
import { DamagedTable, type Table } from './read-table.ts';
import { openTableOf, snapshotPath } from './snapshot.ts';
import type { TableFacts } from './table-format.ts';
import { partitionsOf } from './table-partitions.ts';
import { createTableWriter } from './write-table.ts';

const megabyte = 1024 * 1024;

interface Moment {
  /** Of lines that the snapshot lacks. A megabyte is read in a tenth of a second. */
  readonly fewestBytes: number;
  /** Whether entries of files that are gone have to go. They are asked for no more in any case. */
  readonly dropsGone: boolean;
}

export const whenNightBegins: Moment = { fewestBytes: 4 * megabyte, dropsGone: false };
export const whenNightEnds: Moment = { fewestBytes: megabyte, dropsGone: true };
export const whenPurged: Moment = { fewestBytes: 4 * megabyte, dropsGone: true };

const usualIdFrom = '{id}.{ext}';

/**
 * Makes an account's snapshot follow its ledger: lines of files that are new are added, entries of files that are gone
 * are left out. It appears whole or not at all; of several processes at once one is the last. A ledger of few bytes needs
 * none, nor can one be kept on S3, where each look would be a request.
 * @returns whether there is one now that lacks but a few lines
 */
export async function refreshSnapshot(
  state: StateStore,
  options: {
    account: string;
    /** Where folders are asked for: events of earlier versions do not say from which one an id came. */
    folders?: { readonly idFrom: string } | undefined;
    /** Where a template may be asked for whose id follows from a subject. */
    allTemplates?: boolean | undefined;
    /** How much must be lacking for it to be worth the work. */
    when: Moment;
    signal?: AbortSignal | undefined;
  },
): Promise<boolean> {
  const { bytes } = state;
  if (!bytes) return false;
  const { account, folders, when, signal } = options;
  const files = await listLedgerFiles(state, account);
  const former = await openTableOf(state, account);
  try {
    // It alone knows that lines are lost.
    if (former && cutFilesOf(former.facts, files).length > 0) return false;
    const usable = former && answers(former.facts, options) ? former : undefined;
    const allTemplates = options.allTemplates ?? former?.facts.allTemplates ?? false;
    const idFrom = folders?.idFrom ?? usable?.facts.idFrom ?? usualIdFrom;
    const covered = usable?.facts.files ?? [];
    const kept = await stillThere(bytes, { covered, files });
    const added = files.filter(({ path }) => !kept.has(path));
    const sizeInBytes = added.reduce((sum, file) => sum + file.sizeInBytes, 0);
    const isBehind = sizeInBytes > when.fewestBytes;
    const isGone = kept.size < covered.length;
    if (!isBehind && kept.size > 0 && !(isGone && when.dropsGone)) return true;
    if (!isBehind && kept.size === 0) {
      if ((await state.size(snapshotPath(account))) !== undefined) await state.remove(snapshotPath(account));
      return false;
    }
    return await makeSnapshot(state, {
      ...{ bytes, account, idFrom, allTemplates, former: usable, kept, added, signal },
    });
  } catch (error) {
    if (!(error instanceof DamagedTable)) throw error;
    await state.remove(snapshotPath(account));
    return await refreshSnapshot(state, options);
  } finally {
    await former?.close();
  }
}

/** Whether a snapshot was made for what is asked for. */
export function answers(
  { older, idFrom, allTemplates }: TableFacts,
  asked: Pick<Parameters<typeof refreshSnapshot>[1], 'folders' | 'allTemplates'>,
): boolean {
  if (asked.allTemplates && !allTemplates) return false;
  return !asked.folders || older === 0 || idFrom === asked.folders.idFrom;
}

async function makeSnapshot(
  state: StateStore,
  options: {
    bytes: ByteFiles;
    account: string;
    idFrom: string;
    allTemplates: boolean;
    former: Table | undefined;
    kept: ReadonlySet<string>;
    added: readonly LedgerFile[];
    signal?: AbortSignal | undefined;
  },
): Promise<boolean> {
  const { bytes, account, idFrom, allTemplates, former, kept, added, signal } = options;
  const path = snapshotPath(account);
  const gathered = gatherEntries({ bytes, folder: `ledger/${account}`, words: entryWords });
  const names = createNames(former?.facts);
  const given = createGivenIds(former?.facts.given);
  const files: CoveredFile[] = (former?.facts.files ?? []).filter((file) => kept.has(file.path));
  const fileNow = new Map(files.map((file, number) => [file.path, number]));
  try {
    for (const file of added) {
      const found = await gatherFile(state, {
        ...{ file, number: files.length, gathered, names, given, idFrom, allTemplates, signal },
      });
      const now = found && (await checkFile(bytes, file));
      // Somebody rewrites the ledger just now, and makes the snapshot follow.
      if (!now) return false;
      files.push(now);
    }
    if (files.length > most.files || !names.fit()) return false;
    const writer = await bytes.openWriter(path);
    try {
      const table = createTableWriter(writer);
      const counts = { blanks: 0, older: 0 };
      const formerEntries = former && partitionsOf(former, fileNow);
      for (let number = 0; number < 2 ** partitionBits; number += 1) {
        signal?.throwIfAborted();
        const before = (await formerEntries?.(number)) ?? [];
        const partition = joined([...before, await gathered.partition(number)]);
        for (let from = 0; from < partition.length; from += entryWords) {
          const entry = partition.subarray(from, from + entryWords);
          if (hasBlanks(entry)) counts.blanks += 1;
          if (wayOf(entry) === 'older') counts.older += 1;
        }
        await table.write(partition);
      }
      await table.finish({ files, ...names.lists, ...counts, idFrom, allTemplates, given: given.now });
      await writer.commit();
    } finally {
      await writer.discard();
    }
  } finally {
    await gathered.close();
  }
  return await removeIfStale(state, { account, files });
}

/** Lines that were purged meanwhile must leave no entries. */
async function removeIfStale(
  state: StateStore,
  { account, files }: { account: string; files: readonly CoveredFile[] },
): Promise<boolean> {
  const now = new Set((await listLedgerFiles(state, account)).map(({ path }) => path));
  if (files.every(({ path }) => now.has(path))) return true;
  await state.remove(snapshotPath(account));
  return false;
}

/** False where the file vanished meanwhile. */
async function gatherFile(
  state: StateStore,
  options: {
    file: LedgerFile;
    number: number;
    gathered: GatheredEntries;
    names: Names;
    given: GivenIds;
    idFrom: string;
    allTemplates: boolean;
    signal?: AbortSignal | undefined;
  },
): Promise<boolean> {
  const { file, number, gathered, names, given, idFrom, allTemplates, signal } = options;
  return readLedgerFile(state, file, async (lines) => {
    signal?.throwIfAborted();
    for (const { text, offset } of lines) {
      const event = parseLedgerEvent(text);
      if (!event) continue;
      const numbers = { file: number, detail: names.detailOf(event), source: names.sourceOf(event), offset };
      writeEntry(gathered.next(), event, { ...numbers, idFrom });
      given.add(event);
      if (isAskedByTemplate(event, allTemplates)) writeTemplateEntry(gathered.next(), event, numbers);
    }
    await gathered.settle();
  });
}

interface Names {
  detailOf(event: LedgerEvent): number;
  sourceOf(event: LedgerEvent): number;
  /** Whether their numbers have room in an entry. */
  fit(): boolean;
  readonly lists: Pick<TableFacts, 'required' | 'checks' | 'sources'>;
}

/** What entries say in numbers. The first of each stands for none. */
function createNames(former: TableFacts | undefined): Names {
  const required = createNumbers(former?.required.map((checks) => checks.join('\n')) ?? ['']);
  const checks = createNumbers(former?.checks ?? ['']);
  const sources = createNumbers(former?.sources ?? []);
  return {
    detailOf({ kind, required: passed = [], code = '' }) {
      if (kind === 'enrolled') return required.numberOf(passed.join('\n'));
      return checks.numberOf(code.startsWith(checkCode) ? code : '');
    },
    sourceOf: (event) => sources.numberOf(sourceMark(sourceNameOf(event))),
    fit: () =>
      Math.max(required.list.length, checks.list.length) <= most.details &&
      sources.list.length <= most.sources,
    get lists() {
      const split = required.list.map((text) => (text === '' ? [] : text.split('\n')));
      return { required: split, checks: checks.list, sources: sources.list };
    },
  };
}

export const sourceMark = (source: string): string => hash('sha256', source, 'hex').slice(0, 32);

function createNumbers(list: readonly string[]) {
  const numbers = new Map(list.map((text, number) => [text, number]));
  return {
    numberOf(text: string): number {
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    },
    get list() {
      return [...numbers.keys()];
    },
  };
}
