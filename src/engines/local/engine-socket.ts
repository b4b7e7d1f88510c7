import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { FaultError } from '../../util/errors.ts';
import { whyDenied } from '../../util/permission.ts';
import { openSocketFolder } from '../../util/socket-folder.ts';

/**
 * The unix socket by which processes of this machine reach the engine of a data folder; only processes of the folder's
 * owner may. Whether a process listens there is asked of the system: one that was killed does not.
 */
export async function engineSocketOf(folder: string): Promise<string> {
  return join((await openSocketFolder(folder)).path, 'engine.sock');
}

/** @throws FaultError where it belongs to another user */
export async function isListening(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    // Reset: it was killed in this very moment, with the connection in its backlog.
    if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ECONNRESET', 'ENOTSOCK'].includes(code)) return false;
    // A full backlog of connections belongs to a process that listens.
    if (code === 'EAGAIN') return true;
    const why = code === 'EACCES' ? ` ${await whyDenied(socketPath)}` : '';
    const message = `The local engine at ${socketPath} cannot be reached (${code}).${why}`;
    throw new FaultError('local-engine', message, { cause: error });
  } finally {
    socket.destroy();
  }
}
