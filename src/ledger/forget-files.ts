import { randomBytes } from 'node:crypto';
import { runFolderOf } from '../records/run-record.ts';
import type { StateEntry, StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import {
  type Erasure,
  erasureSchemaName,
  type ForgetEntry,
  forgetSchemaName,
  parseErasure,
  parseForgetEntry,
} from './forget-entry.ts';

/**
 * An account's forget list is many files, each written whole by one call and never changed; so is its erasure log, but
 * that these files grow while their call lasts. Two calls never write the same file. They lie beside the runs, so that
 * `prune` never comes near them.
 */
const accountFolder = (account: string) => `forgotten/${account}`;
export const forgetListFolder = (account: string) => `${accountFolder(account)}/list`;
export const erasureLogFolder = (account: string) => `${accountFolder(account)}/erasures`;

/** What a run was given with `--forget-list`: it goes with the run. */
export const runForgetListFolder = (runId: string) => `${runFolderOf(runId)}/forget-list`;

/** Sorts by time; two calls within a millisecond differ all the same. */
export function newFileName(now: Date): string {
  const time = now.toISOString().replace(/[-:.]/g, '');
  return `${time}-${randomBytes(4).toString('hex')}.jsonl`;
}

/** Adds entries to a list: all of them or, where the process dies, none. */
export async function writeForgetEntries(
  state: StateStore,
  options: {
    folder: string;
    marks: Iterable<string>;
    kind: ForgetEntry['kind'];
    /** ISO time. */
    at: string;
  },
): Promise<void> {
  const { folder, marks, kind, at } = options;
  const writer = await state.openWriter(`${folder}/${newFileName(new Date())}`);
  try {
    let text = '';
    for (const subject of marks) {
      const entry: ForgetEntry = { schema: forgetSchemaName, kind, subject, at };
      text += `${JSON.stringify(entry)}\n`;
      if (text.length < batchSize) continue;
      await writer.write(text);
      text = '';
    }
    if (text !== '') await writer.write(text);
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

const batchSize = 1024 * 1024;

export async function listEntryFiles(state: StateStore, folder: string): Promise<StateEntry[]> {
  return (await state.list(folder)).filter(({ name, isFolder }) => !isFolder && name.endsWith('.jsonl'));
}

/**
 * The entries of one file of a forget list.
 * @throws FaultError where a line cannot be read: a subject to be forgotten must not be enrolled because of a damaged line
 */
export async function readForgetFile(
  state: StateStore,
  path: string,
  onEntry: (entry: ForgetEntry) => void,
): Promise<void> {
  for await (const lines of state.readLines(path)) {
    for (const { text, offset } of lines) {
      const entry = parseForgetEntry(text);
      if (!entry) {
        const where = `${state.locate(path)} is damaged at byte ${offset}, or of a newer version`;
        throw new FaultError(
          'forget-list',
          `${where}: whom it names cannot be known. Restore it from a backup.`,
        );
      }
      onEntry(entry);
    }
  }
}

/** The lines of one file of an erasure log. What cannot be read counts as not erased. */
export async function readErasureFile(
  state: StateStore,
  path: string,
  onErasure: (erasure: Erasure) => void,
): Promise<void> {
  for await (const lines of state.readLines(path)) {
    for (const { text } of lines) {
      const erasure = parseErasure(text);
      if (erasure) onErasure(erasure);
    }
  }
}

/** What one call adds to an account's erasure log: a file of its own, begun with its first line. */
export interface ErasureLog {
  /** Resolves when the line is durable. */
  append(
    erasure: Pick<Erasure, 'subject' | 'engine' | 'templates'> & {
      /** Milliseconds since 1970: when the subject was listed, perhaps by another machine's clock. */
      notBefore: number;
    },
  ): Promise<void>;
  /** The file's path; undefined where nothing was appended. */
  readonly path: string | undefined;
  close(): Promise<void>;
}

export function createErasureLog(state: StateStore, account: string): ErasureLog {
  const path = `${erasureLogFolder(account)}/${newFileName(new Date())}`;
  let opening: ReturnType<StateStore['openAppender']> | undefined;
  return {
    async append({ notBefore, ...erasure }) {
      opening ??= state.openAppender(path);
      const appender = await opening;
      const at = new Date(Math.max(Date.now(), notBefore)).toISOString();
      const line: Erasure = { schema: erasureSchemaName, at, ...erasure };
      await appender.append(`${JSON.stringify(line)}\n`);
    },
    get path() {
      return opening && path;
    },
    async close() {
      if (!opening) return;
      await (await opening).close();
      await state.seal(path);
    },
  };
}
