import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { describeCompaction } from './describe-compaction.ts';

describeCompaction('in a folder', {
  numRuns: randomInputs(20),
  async open() {
    const folder = await makeTemporaryFolder();
    return { state: createLocalStateStore(folder.path), close: folder.remove };
  },
});
