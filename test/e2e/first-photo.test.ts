import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runInThisProcess } from '../helpers/command-in-process.ts';
import { startTestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

/** A folder's source opens it when it is asked for its first photo: who waits for it is on the stack then. */
async function stackOfListing(photos: string, run: () => Promise<unknown>): Promise<string> {
  const { opendir } = fs;
  const { stackTraceLimit } = Error;
  let stack: string | undefined;
  Error.stackTraceLimit = 100;
  fs.opendir = (path, ...rest) => {
    if (path.toString() === photos) stack = new Error('a look').stack;
    return opendir(path, ...rest);
  };
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    fs.opendir = opendir;
    syncBuiltinESMExports();
  }
  return stack ?? '';
}

it('run comes to its first listed photo in five frames', async () => {
  const folder = await makeTemporaryFolder();
  const server = await startTestRedis();
  const photos = join(folder.path, 'photos');
  await fs.mkdir(photos);
  const environment = { OOTO_APP_ID: 'id', OOTO_APP_KEY: 'key', ROLLCALL_QUEUE: server.url };
  const stack = await stackOfListing(photos, async () => {
    const args = ['run', photos, '--engine', 'ooto', '--allow-empty'];
    const end = await runInThisProcess(args, { folder: folder.path, environment });
    expect(end.exitCode, end.stderr).toBe(0);
  }).finally(async () => {
    await server.close();
    await folder.remove();
  });
  const frames = stack.split('\n').filter((line) => /\/src\/(cli|runs|conductor)\//.test(line));
  const names = frames.map((line) =>
    line
      .trim()
      .split(' ')
      .slice(1)
      .find((word) => word !== 'async'),
  );
  const first = names.indexOf('listSource');
  expect(names.slice(first), stack).toEqual([
    'listSource',
    'conductRun',
    'joinRun',
    'joinAndShow',
    'withRollcall',
    // What reads the command line.
    'runCommandLine',
  ]);
});
