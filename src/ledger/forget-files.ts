import { randomBytes } from 'node:crypto';
import { runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { type ForgetEntry, forgetSchemaName } from './forget-entry.ts';

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
