import type { StateStore } from '../storage/state/state-store.ts';
import { runFolderOf } from './run-record.ts';

/**
 * Files in the folder of a run that is over, which say what is done with it. `pruned`: it is being removed.
 * `undo-under-way`: it is being undone, until that has come to its end. Each writes its own and then looks for the other's: at
 * least one of two at once sees it, and leaves the run alone.
 */
export type RunMark = 'pruned' | 'undo-under-way';

const pathOf = (runId: string, mark: RunMark) => `${runFolderOf(runId)}/${mark}`;

export const markRun = (state: StateStore, runId: string, mark: RunMark): Promise<void> =>
  state.write(pathOf(runId, mark), '');

export const unmarkRun = (state: StateStore, runId: string, mark: RunMark): Promise<void> =>
  state.remove(pathOf(runId, mark));

export const isMarked = async (state: StateStore, runId: string, mark: RunMark): Promise<boolean> =>
  (await state.size(pathOf(runId, mark))) !== undefined;
