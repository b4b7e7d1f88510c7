import { join } from 'node:path';
import { createLocalStateStore } from '../../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { describeStateStore } from './state-store-conformance.ts';

describeStateStore('in a folder', async () => {
  const folder = await makeTemporaryFolder();
  return { open: () => createLocalStateStore(join(folder.path, 'state')), close: folder.remove };
});
