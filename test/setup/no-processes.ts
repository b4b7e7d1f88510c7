import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Before each unit test: whatever starts a process fails, and says where such a test belongs. Unit tests are quick since
 * they wait for nothing, and share one process.
 */
function refuse(): never {
  throw new Error(
    'This file runs as a unit test, and unit tests start no processes and no servers. Files that do are told by what ' +
      'they import: see test/setup/sort-tests.ts.',
  );
}

Object.assign(ChildProcess.prototype, { spawn: refuse });
Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
syncBuiltinESMExports();
