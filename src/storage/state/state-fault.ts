import { FaultError } from '../../util/errors.ts';
import { whyDenied } from '../../util/permission.ts';

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
  if (error instanceof FaultError || typeof code !== 'string') return error;
  const isDenied = code === 'EACCES' || code === 'EPERM';
  const fix = isDenied
    ? await whyDenied(path)
    : (fixes[code] ?? 'Fix this and start the same command again: the run goes on where it stopped.');
  return new FaultError('state', `The state at ${path} cannot be used (${code}). ${fix}`, { cause: error });
}

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room and start the same command again; the run goes on where it stopped.',
  EDQUOT:
    'The disk quota is used up: make room and start the same command again; the run goes on where it stopped.',
  EROFS: 'The file system is read-only: make it writable, or set --state (ROLLCALL_STATE) to another folder.',
};
