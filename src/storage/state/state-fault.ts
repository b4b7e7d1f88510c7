import { stat } from 'node:fs/promises';
import { FaultError, RollcallError } from '../../util/errors.ts';
import { deepestSeen, whyDenied } from '../../util/permission.ts';
import { systemFixOf } from '../../util/system-fix.ts';

/** A fault of the disk is a fault of the state (exit code 4): full, read-only, not ours. */
export async function guarded<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw await stateFault(path, error);
  }
}

async function stateFault(path: string, error: unknown): Promise<unknown> {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof RollcallError || typeof code !== 'string') return error;
  const message = `The state at ${path} cannot be used (${code}). ${await fixOf(path, code)}`;
  return new FaultError('state', message, { cause: error });
}

const elsewhere = 'or set --state (ROLLCALL_STATE) to another folder.';

async function fixOf(path: string, code: string): Promise<string> {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return whyDenied(path);
    case 'EROFS':
      return `The file system is read-only: make it writable, ${elsewhere}`;
    case 'EEXIST':
    case 'ENOTDIR': {
      const seen = (await deepestSeen(path))?.path ?? path;
      const isFolder = await stat(seen).then(
        (found) => found.isDirectory(),
        () => true,
      );
      return isFolder ? goOn('Fix this') : `${seen} is no folder: move it away, ${elsewhere}`;
    }
    default:
      return goOn(systemFixOf(code) ?? 'Fix this');
  }
}

const goOn = (fix: string) => `${fix}, and start the same command again: a run goes on where it stopped.`;
