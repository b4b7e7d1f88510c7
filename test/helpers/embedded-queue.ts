import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const variable = 'ROLLCALL_TEST_QUEUE_TEMPLATE';

/** Where the folder of an embedded queue lies that every scene may copy; known to the processes of all tests. */
export const queueTemplate = {
  get: () => process.env[variable],
  set(path: string) {
    process.env[variable] = path;
  },
};

/**
 * Gives a state folder the embedded queue that an earlier run would have left: its first start takes a second and a half
 * longer, which only the tests of that need to wait for. Does nothing where there is no template.
 */
export async function giveQueue(stateFolder: string): Promise<void> {
  const template = queueTemplate.get();
  if (template === undefined) return;
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  // The server's files may belong to another user, who must keep them.
  await execa('cp', ['-a', template, join(stateFolder, 'queue')]);
}
