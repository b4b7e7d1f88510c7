import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeOnce } from './make-once.ts';
import { sharedFolder } from './shared-folder.ts';

/**
 * Gives a state folder the embedded queue that an earlier run would have left: its first start takes a second and a half
 * longer, which only the tests of that need to wait for. It is made once for all tests; scripts do without.
 */
export async function giveQueue(stateFolder: string): Promise<void> {
  const shared = sharedFolder();
  if (shared === undefined) return;
  const template = await makeOnce(join(shared, 'embedded'), async (draft) => {
    const { openQueue } = await import('../../src/queue/open-queue.ts');
    const queue = await openQueue({ queue: 'embedded', stateFolder: draft, onError: () => {} });
    await queue.close();
  });
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  // The server's files may belong to another user, who must keep them.
  await execa('cp', ['-a', join(template, 'queue'), join(stateFolder, 'queue')]);
}
