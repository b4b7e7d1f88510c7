import type { StateStore } from '../storage/state/state-store.ts';
import { type Erasure, type ForgetEntry, formerSubjectMark } from './forget-entry.ts';
import {
  erasureLogFolder,
  forgetListFolder,
  formerListFolder,
  formerLogFolder,
  listEntryFiles,
  listFormerAccounts,
  readErasureFile,
  readForgetFile,
} from './forget-files.ts';
import { type ForgetKey, keyIsGone, readForgetKeys } from './forget-keys.ts';

/** What is to be done with what is read. */
export interface ForgetReading {
  /** `path`: of the file; the entries of one were written by one command. */
  onEntry(entry: ForgetEntry, path: string): void;
  /** `account`: the one that was called, or in a log of the former version the run's. */
  onErasure?(erasure: Erasure, account: string): void;
  /** The list of a run, looked at now and then. */
  readonly ownFolder?: string;
  onOwnEntry?(entry: ForgetEntry): void;
}

/**
 * Reads the forget list and the erasure log of an engine, those that the former version left for each account, and the
 * keys that they were made with. A file is read again, from its beginning, where it grew.
 */
export interface ForgetReader {
  /** @throws FaultError where something cannot be read, or a key is gone: nobody knows then who is forgotten */
  refresh(reading: ForgetReading): Promise<void>;
  /** Those that entries were made with. */
  keys(): readonly ForgetKey[];
  /** Of a subject, in the lists of the former version that were read. */
  formerMarks(subjectId: string): string[];
}

export function createForgetReader(
  state: StateStore,
  /** The account in whose name a run of the former version marked its own list. */
  { engine, account }: { engine: string; account: string },
): ForgetReader {
  let keysById: ReadonlyMap<string, ForgetKey> = new Map();
  const used = new Map<string, ForgetKey>();
  const formerAccounts = new Set<string>();
  /** Size of each file as it was read: those of the log grow. */
  const read = new Map<string, number>();
  let refreshes = 0;

  async function readNew(folder: string, readFile: (path: string) => Promise<void>): Promise<void> {
    for (const { name, sizeInBytes } of await listEntryFiles(state, folder)) {
      const path = `${folder}/${name}`;
      if (read.get(path) === sizeInBytes) continue;
      await readFile(path);
      read.set(path, sizeInBytes);
    }
  }

  /** Entries name their key: it must be there before they are of any use. */
  async function findKeys(wanted: ReadonlySet<string>, path: string): Promise<void> {
    const missing = [...wanted].filter((id) => !used.has(id));
    if (missing.length === 0) return;
    if (missing.some((id) => !keysById.has(id))) keysById = await readForgetKeys(state);
    for (const id of missing) {
      const key = keysById.get(id);
      if (!key) throw keyIsGone(state, state.locate(path), id);
      used.set(id, key);
    }
  }

  async function readList(folder: string, onEntry: ForgetReading['onEntry']): Promise<void> {
    await readNew(folder, async (path) => {
      const wanted = new Set<string>();
      await readForgetFile(state, path, (entry) => {
        if (entry.key !== undefined) wanted.add(entry.key);
        onEntry(entry, path);
      });
      await findKeys(wanted, path);
    });
  }

  async function readLog(folder: string, onErasure: (erasure: Erasure) => void): Promise<void> {
    await readNew(folder, async (path) => {
      const wanted = new Set<string>();
      await readErasureFile(state, path, (erasure) => {
        if (erasure.key !== undefined) wanted.add(erasure.key);
        onErasure(erasure);
      });
      await findKeys(wanted, path);
    });
  }

  async function readFormer({ onEntry, onErasure }: ForgetReading): Promise<void> {
    for (const former of await listFormerAccounts(state)) {
      formerAccounts.add(former);
      await readList(formerListFolder(former), onEntry);
      if (onErasure) await readLog(formerLogFolder(former), (erasure) => onErasure(erasure, former));
    }
  }

  /** A run of the former version has marked its own list in its account's name. */
  const readOwn = (onEntry: (entry: ForgetEntry) => void) => (entry: ForgetEntry) => {
    if (entry.key === undefined) formerAccounts.add(account);
    onEntry(entry);
  };

  return {
    async refresh(reading) {
      const { onEntry, onErasure, ownFolder, onOwnEntry } = reading;
      await readList(forgetListFolder(engine), onEntry);
      if (onErasure)
        await readLog(erasureLogFolder(engine), (erasure) => onErasure(erasure, calledBy(erasure)));
      // They grow only where a run is resumed with another list, or an earlier version is at work; on S3 each look is a
      // request.
      if (refreshes % looksPerRareLook === 0) {
        await readFormer(reading);
        if (ownFolder !== undefined && onOwnEntry) await readList(ownFolder, readOwn(onOwnEntry));
      }
      refreshes += 1;
    },
    keys: () => [...used.values()],
    formerMarks: (subjectId) => [...formerAccounts].map((former) => formerSubjectMark(former, subjectId)),
  };
}

const looksPerRareLook = 6;

const calledBy = (erasure: Erasure) => (erasure.schema === 'rollcall.erasure/2' ? erasure.account : '');
