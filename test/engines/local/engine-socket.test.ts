import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isListening } from '../../../src/engines/local/engine-socket.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
let socketPath: string;
let listener: ChildProcess | undefined;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  socketPath = join(folder.path, 'engine.sock');
});

afterEach(async () => {
  listener?.kill('SIGKILL');
  await folder.remove();
});

/** A process that listens, and takes no connection out of its backlog. */
async function listen(): Promise<ChildProcess> {
  const program = `require('node:net').createServer().listen(process.argv[1], () => {
    require('node:fs').writeSync(1, 'listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
  listener = spawn(process.execPath, ['-e', program, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(listener.stdout ?? listener, 'data');
  return listener;
}

/** Long enough for the system to end a process; nothing is heard meanwhile. */
const waitDeafly = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);

test('a process listens, or is killed before, or in the moment when it is asked for', async () => {
  expect(await isListening(socketPath)).toBe(false);
  const busy = await listen();
  expect(await isListening(socketPath)).toBe(true);
  const asked = isListening(socketPath);
  busy.kill('SIGKILL');
  waitDeafly();
  expect(await asked).toBe(false);
  expect(await isListening(socketPath)).toBe(false);
});

test('nobody listens below a file', async () => {
  await writeFile(join(folder.path, 'state'), '');
  expect(await isListening(join(folder.path, 'state', 'engine.sock'))).toBe(false);
});
