import { cp, mkdir, readlink, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries, libraryEnvironment } from '../../../src/queue/embedded/binaries.ts';
import { runProgram } from '../../../src/queue/embedded/server-user.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';

let temporary: TemporaryFolder;
beforeAll(async () => {
  temporary = await makeTemporaryFolder();
});
afterAll(() => temporary.remove());

describe('the programs of the embedded server', () => {
  it('run as they are installed', async () => {
    const { initdb, environment } = await findBinaries(join(temporary.path, 'unused'));
    const program = { command: initdb, args: ['--version'], folder: '/', environment };
    expect(await runProgram(program)).toMatchObject({ exitCode: 0 });
  });

  it('find their libraries where the install script did not run', async () => {
    const { initdb } = await findBinaries(join(temporary.path, 'unused'));
    const native = join(temporary.path, 'package', 'native');
    await mkdir(dirname(native), { recursive: true });
    await cp(dirname(dirname(initdb)), native, {
      recursive: true,
      // The links that the script makes are left out.
      filter: async (path) => (await readlink(path).catch(() => undefined)) === undefined,
    });
    const program = { command: join(native, 'bin', 'initdb'), args: ['--version'], folder: '/' };
    expect((await runProgram(program)).output).toContain('shared libraries');
    const libraries = join(temporary.path, 'libraries');
    const environment = await libraryEnvironment(native, libraries);
    expect(await runProgram({ ...program, environment })).toMatchObject({ exitCode: 0 });
    // Again, and after the package was moved.
    expect(await libraryEnvironment(native, libraries)).toEqual(environment);
    await rm(join(native, 'lib', 'libpq.so.5.18'), { force: true });
  });
});
