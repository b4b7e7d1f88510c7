import { join } from 'node:path';
import { openQueue } from '../../src/queue/open-queue.ts';
import { queueTemplate } from '../helpers/embedded-queue.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

/** One folder of an embedded queue, made as a first run makes it, for all scenes that are not about that. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await makeTemporaryFolder();
  const queue = await openQueue({ queue: 'embedded', stateFolder: folder.path, onError: () => {} });
  await queue.close();
  queueTemplate.set(join(folder.path, 'queue'));
  return folder.remove;
}
