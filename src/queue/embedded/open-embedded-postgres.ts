import { realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { makeFolder } from '../../storage/state/local-writer.ts';
import { guarded } from '../../storage/state/state-fault.ts';
import { FaultError } from '../../util/errors.ts';
import { inOneLine } from '../../util/in-one-line.ts';
import { whyDenied } from '../../util/permission.ts';
import { openSocketFolder } from '../../util/socket-folder.ts';
import { withRetry } from '../../util/with-retry.ts';
import { serverUserName } from './data-folder.ts';
import { startServer, stopServer } from './server.ts';
import { serverFiles } from './server-files.ts';

export interface EmbeddedPostgres {
  /** For a `pg.Pool` or `pg.Client`. */
  readonly connection: { readonly host: string; readonly user: string; readonly database: string };
  /** Call it after all connections are closed. The last process to do so stops the server. */
  close(): Promise<void>;
}

/** Held shared by every process that uses the server; who holds it alone is the last one. */
const membershipLock = 7_246_355;
/** A server that was killed can be started again after 0.7 to 3 s; a broken one fails each time. */
const startLimitInMs = 30_000;
const pollInMs = 100;
const pauseAfterFailureInMs = 1_000;

/**
 * The PostgreSQL server of a folder: found running, or started. It is a process of its own that outlives this one if
 * this one is killed, and is found again then. While it is open here, a server that dies is started again; `onError`
 * hears of it. States: attached → (the connection is lost → attaching → attached)* → closed.
 */
export async function openEmbeddedPostgres(options: {
  folder: string;
  onError?: (error: Error) => void;
}): Promise<EmbeddedPostgres> {
  await guarded(options.folder, () => makeFolder(options.folder));
  const files = serverFiles(realpathSync(options.folder));
  await refuseForeignFolder(files.folder);
  const socketFolder = await openSocketFolder(files.data);
  const connection = { host: socketFolder.path, user: serverUserName, database: 'postgres' };
  let member: pg.Client | undefined;
  let attaching: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  const leaving = new AbortController();

  async function attach(): Promise<void> {
    member = await joinServer();
    member.once('end', () => {
      member = undefined;
      if (closing === undefined) attaching = attachAgain();
    });
  }

  async function attachAgain(): Promise<void> {
    options.onError?.(new FaultError('embedded-lost', 'The embedded queue stopped and is restarted.'));
    await withRetry(attach, {
      signal: leaving.signal,
      pauseInMs: () => pauseAfterFailureInMs,
      onRetry: (error) => options.onError?.(error instanceof Error ? error : new Error(String(error))),
    });
  }

  /** Connect, else start, else again: another process may be starting or stopping the server at this moment. */
  async function joinServer(): Promise<pg.Client> {
    const deadline = Date.now() + startLimitInMs;
    for (;;) {
      const attempt = await tryJoin(connection);
      if ('client' in attempt) return attempt.client;
      let reason: unknown = attempt.error;
      if (attempt.isDown && closing === undefined) {
        const result = await guarded(files.folder, () => startServer(files, () => answers(connection)));
        if (result.started) continue;
        reason = result.reason;
      }
      if (Date.now() > deadline || closing !== undefined) throw notStarted(files.folder, reason);
      await delay(pollInMs);
    }
  }

  async function leave(): Promise<void> {
    await attaching?.catch(() => undefined);
    const client = member;
    if (client === undefined) return;
    const isLast = await isLastMember(client).catch(() => false);
    try {
      if (!isLast) return;
      await stopServer(files);
      await socketFolder.remove();
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  await attach();
  return {
    connection,
    close() {
      leaving.abort();
      closing ??= leave();
      return closing;
    },
  };
}

type Connection = EmbeddedPostgres['connection'];
type Attempt = { readonly client: pg.Client } | { readonly error: unknown; readonly isDown: boolean };

async function tryJoin(connection: Connection): Promise<Attempt> {
  const client = new pg.Client({ ...connection, application_name: 'rollcall member' });
  // A lost connection shows in `end`; without a listener the error would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [membershipLock]);
    return { client };
  } catch (error) {
    await client.end().catch(() => undefined);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES') throw await notAllowed(connection.host, error);
    return { error, isDown: code === 'ENOENT' || code === 'ECONNREFUSED' };
  }
}

async function answers(connection: Connection): Promise<boolean> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function isLastMember(client: pg.Client): Promise<boolean> {
  await client.query('select pg_advisory_unlock_shared($1)', [membershipLock]);
  const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
    membershipLock,
  ]);
  return rows[0]?.alone === true;
}

function notStarted(folder: string, reason: unknown): FaultError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new FaultError(
    'embedded-not-started',
    `The embedded queue in ${folder} did not start: ${inOneLine(text.trim().slice(-1_200))} | ` +
      'Fix this, or set --queue (ROLLCALL_QUEUE) to a redis:// or postgres:// server.',
    { cause: reason },
  );
}

/** Two users of one server would leave each other files that the other may not read. Root runs it as its owner. */
async function refuseForeignFolder(folder: string): Promise<void> {
  const ownUid = process.getuid?.();
  const { uid } = await stat(folder);
  if (ownUid !== undefined && ownUid !== 0 && uid !== ownUid) throw await notAllowed(folder);
}

async function notAllowed(folder: string, cause?: unknown): Promise<FaultError> {
  return new FaultError(
    'embedded-not-allowed',
    `The embedded queue in ${folder} belongs to another user: ${await whyDenied(folder)}`,
    { cause },
  );
}
