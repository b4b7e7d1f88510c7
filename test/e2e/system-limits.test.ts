import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/command-line.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: 1 });
  await writeFile(join(scene.folder, 'file'), 'x');
});
afterAll(async () => {
  await scene.close();
  await redis.close();
});

/** A command as a shell starts it, after what `before` does to that shell. */
async function inShell(before: string, args: string, environment: Record<string, string> = {}) {
  const end = await execa(
    'sh',
    ['-c', `${before}; exec "$0" "$1" ${args}`, process.execPath, await builtProgram()],
    {
      cwd: scene.folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...scene.environment, ...environment },
      ...{ extendEnv: false, reject: false, all: true },
    },
  );
  return { exitCode: end.exitCode, says: end.all };
}

const run = 'run ./archive --new';
const embedded = { ROLLCALL_QUEUE: 'embedded' };

describe('what the system refuses is named, with what to do, and is exit code 4', () => {
  it.each<[string, string, string, Record<string, string>, readonly string[]]>([
    ['files for the first lines of the program', 'ulimit -n 19', 'status', {}, ['EMFILE', 'ulimit -n']],
    ['files for the program', 'ulimit -n 40', 'status', {}, ['EMFILE', 'ulimit -n']],
    ['files for a run', 'ulimit -n 60', run, {}, ['EMFILE', 'ulimit -n']],
    ['larger files', 'ulimit -f 0', run, {}, ['EFBIG', 'ulimit -f']],
    [
      'larger files, of the embedded queue',
      'ulimit -f 0',
      run,
      { ...embedded, ROLLCALL_STATE: 'new' },
      ['EFBIG'],
    ],
    ['its folder', 'mkdir -p gone && cd gone && rmdir ../gone', 'status', {}, ['change to another']],
    ['a folder that is a file', ':', 'status', { ROLLCALL_STATE: 'file' }, ['/file is no folder', '--state']],
    ['the same, of a run', ':', run, { ROLLCALL_STATE: 'file' }, ['/file is no folder', '--state']],
    [
      'the same, deeper',
      ':',
      run,
      { ROLLCALL_STATE: 'file/a', ...embedded },
      ['/file is no folder', '--state'],
    ],
    ['the same, of the server', ':', 'serve --port 0', { ROLLCALL_STATE: 'file/a' }, ['/file is no folder']],
  ])('%s', async (_, before, args, environment, words) => {
    const { exitCode, says } = await inShell(before, args, environment);
    for (const word of words) expect(says).toContain(word);
    expect(says).not.toMatch(/internal error|\n {4}at /);
    expect(exitCode).toBe(4);
  });

  const program = `${process.getuid?.() === 0 ? '' : '--user --map-root-user '}--mount`;
  const alone = (command: string) => `unshare ${program} sh -c '${command}'`;

  it.each([
    ['embedded', {}],
    ['redis', embedded],
  ])('a file system that is only read, with the queue %s', async (_, environment) => {
    const place = join(scene.folder, 'read-only');
    await mkdir(place, { recursive: true });
    const mount = `mount -t tmpfs -o ro none ${place}`;
    const canMount = (await execa('sh', ['-c', alone(mount)], { reject: false })).exitCode === 0;
    if (!canMount) return;
    const command = `${mount} && "$0" "$1" ${run} --state ${place}/state`;
    const words = ['-c', `exec unshare ${program} sh -c '${command}' "$0" "$1"`];
    const { exitCode, stderr } = await execa('sh', [...words, process.execPath, await builtProgram()], {
      cwd: scene.folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...scene.environment, ...environment },
      ...{ extendEnv: false, reject: false },
    });
    expect(stderr).toContain('The file system is read-only');
    expect(exitCode).toBe(4);
  });
});

it.each([
  ['the log', '--log-file /dev/full', 'The log /dev/full cannot be written (ENOSPC)'],
  ['stderr', '2>/dev/full', ''],
])('%s on a disk that is full costs no photo', async (_, how, says) => {
  const end = await inShell(':', `${run} --log-level debug ${how}`);
  expect(end.says).toContain('enrolled           1');
  expect(end.says).toContain(says);
  expect(end.exitCode).toBe(0);
});

it('a log that cannot be opened is a wrong setting', async () => {
  const end = await inShell(':', 'status --log-file .');
  expect(end).toEqual({ exitCode: 2, says: expect.stringContaining('--log-file (ROLLCALL_LOG_FILE') });
});

it('what has no terminal goes on when it hangs up, as nohup asks for', async () => {
  const server = scene.start(['serve', '--port', '0', '--log-level', 'info']);
  const address = await until(() => /^http:\S+/.exec(server.stdout())?.[0] ?? false);
  server.signal('SIGHUP');
  // By itself the system ends a process at once that it is sent to.
  expect(await (await fetch(`${address}/health`)).json()).toEqual({ status: 'ok' });
  server.signal('SIGTERM');
  expect((await server.ended).exitCode).toBe(0);
});

it('a server that is terminated while its queue is made for the first time ends by itself', async () => {
  await rm(join(scene.folder, 'first'), { recursive: true, force: true });
  const environment = { ROLLCALL_QUEUE: 'embedded', ROLLCALL_STATE: 'first' };
  const server = scene.start(['serve', '--port', '0'], { environment });
  await until(() => server.stdout().includes('http:'));
  server.signal('SIGTERM');
  expect(await server.ended).toMatchObject({ exitCode: 0, stderr: '' });
});
