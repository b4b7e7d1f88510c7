import { createHash, randomBytes } from 'node:crypto';
import { runFolderOf } from '../records/run-record.ts';
import type { StateEntry, StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { type Erasure, type ForgetEntry, parseErasure, parseForgetEntry } from './forget-entry.ts';
import { type ForgetKey, keyForEntries } from './forget-keys.ts';

/**
 * An engine's forget list is many files, each written whole by one call and never changed; so is its erasure log, but
 * that these files grow while their call lasts. Two calls never write the same file. They lie beside the runs, so that
 * `prune` never comes near them.
 */
const root = 'forgotten';
const engineFolder = (engine: string) => `${root}/engines/${engine}`;
export const forgetListFolder = (engine: string) => `${engineFolder(engine)}/list`;
export const erasureLogFolder = (engine: string) => `${engineFolder(engine)}/erasures`;

/**
 * What the calls of one command cost that may be started again: it is known by whom it names, and by the account that is
 * called. Like an entry it names nobody to whom has no key.
 */
export async function forgetMoneyFolder(
  state: StateStore,
  { engine, account, subjects }: { engine: string; account: string; subjects: readonly string[] },
): Promise<string> {
  const key = await keyForEntries(state);
  const named = createHash('sha256').update(account);
  for (const mark of subjects.map((subject) => key.subjectMark(engine, subject)).sort()) named.update(mark);
  return `${engineFolder(engine)}/money/${named.digest('hex')}`;
}

/** What a run was given with `--forget-list`: it goes with the run. */
export const runForgetListFolder = (runId: string) => `${runFolderOf(runId)}/forget-list`;

/** In the former version each account had a list and a log of its own. */
const isOfNow: readonly string[] = ['engines', 'keys'];
export const formerListFolder = (account: string) => `${root}/${account}/list`;
export const formerLogFolder = (account: string) => `${root}/${account}/erasures`;

/** The accounts that have a list of the former version. */
export async function listFormerAccounts(state: StateStore): Promise<string[]> {
  const folders = (await state.list(root)).filter(
    ({ isFolder, name }) => isFolder && !isOfNow.includes(name),
  );
  return folders.map(({ name }) => name);
}

/** Sorts by time; two calls within a millisecond differ all the same. */
export function newFileName(now: Date): string {
  const time = now.toISOString().replace(/[-:.]/g, '');
  return `${time}-${randomBytes(4).toString('hex')}.jsonl`;
}

/** The same, behind those that are there, whatever the clock says. */
export function newestFileName(names: readonly string[], now: number): string {
  const last = [...names].sort().at(-1) ?? '';
  const iso = last.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-.*$/, '$1-$2-$3T$4:$5:$6.$7Z');
  return newFileName(new Date(Math.max(now, (Date.parse(iso) || 0) + 1)));
}

/** Adds entries to a list: all of them or, where the process dies, none. */
export async function writeForgetEntries(
  state: StateStore,
  options: {
    folder: string;
    engine: string;
    subjects: Iterable<string>;
    kind: ForgetEntry['kind'];
    /** ISO time. */
    at: string;
  },
): Promise<void> {
  const { folder, engine, subjects, kind, at } = options;
  const key = await keyForEntries(state);
  const marks = new Set<string>();
  for (const subjectId of subjects) marks.add(key.subjectMark(engine, subjectId));
  const writer = await state.openWriter(`${folder}/${newFileName(new Date())}`);
  try {
    let text = '';
    for (const subject of marks) {
      const entry: ForgetEntry = { schema: 'rollcall.forgotten/2', kind, key: key.id, subject, at };
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
  for await (const lines of state.readLines(path, { torn: true })) {
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

/** As `Erasure` has it. */
interface ErasedTemplate {
  readonly templateId: string;
  readonly existed: boolean | null;
  readonly transaction?: string;
  readonly at: string;
}

/** A subject whose templates are gone. */
export interface ErasedSubject {
  readonly subjectId: string;
  readonly templates: readonly ErasedTemplate[];
  /** Milliseconds since 1970: when the subject was listed, perhaps by another machine's clock. */
  readonly notBefore: number;
}

/** What one call adds to an engine's erasure log: a file of its own, begun with its first line. */
export interface ErasureLog {
  /** Resolves when the line is durable. */
  append(erased: ErasedSubject): Promise<void>;
  /** The file's path; undefined where nothing was appended. */
  readonly path: string | undefined;
  close(): Promise<void>;
}

/** `account`: the one that is called. */
export function createErasureLog(
  state: StateStore,
  { engine, account }: { engine: string; account: string },
): ErasureLog {
  const path = `${erasureLogFolder(engine)}/${newFileName(new Date())}`;
  let opening: ReturnType<StateStore['openAppender']> | undefined;
  let making: Promise<ForgetKey> | undefined;
  return {
    async append({ subjectId, templates, notBefore }) {
      making ??= keyForEntries(state);
      const key = await making;
      opening ??= state.openAppender(path);
      const appender = await opening;
      const line: Erasure = {
        schema: 'rollcall.erasure/2',
        at: new Date(Math.max(Date.now(), notBefore)).toISOString(),
        key: key.id,
        subject: key.subjectMark(engine, subjectId),
        engine,
        account,
        templates: templates.map(({ templateId, ...end }) => ({
          template: key.templateMark(engine, templateId),
          ...end,
        })),
      };
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
