import type { StateEntry, StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { type Erasure, type ForgetEntry, parseErasure, parseForgetEntry } from './forget-entry.ts';

export async function listEntryFiles(state: StateStore, folder: string): Promise<StateEntry[]> {
  return (await state.list(folder)).filter(({ name, isFolder }) => !isFolder && name.endsWith('.jsonl'));
}

/**
 * The entries of one file of a forget list.
 * @throws FaultError where a line cannot be read: somebody who is to be forgotten must not be enrolled for that
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
          `${where}: whom it names cannot be known. Put it back from a copy.`,
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
