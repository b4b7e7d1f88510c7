import { afterEach, beforeEach } from 'vitest';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** A state of its own for each test of a file, on disk. */
export function eachTestHasState(take: (state: StateStore) => void): void {
  let folder: TemporaryFolder | undefined;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    take(createLocalStateStore(folder.path));
  });
  afterEach(() => folder?.remove());
}
