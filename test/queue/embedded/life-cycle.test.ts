import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  openEmbeddedPostgres,
} from '../../../src/queue/embedded/open-embedded-postgres.ts';
import { type CompiledSource, compileSource } from '../../helpers/compiled-source.ts';
import { type Child, runChild } from '../../helpers/run-child.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

let compiled: CompiledSource;
let temporary: TemporaryFolder;
let folder: string;
const children: Child[] = [];
const opened: EmbeddedPostgres[] = [];

beforeAll(async () => {
  compiled = await compileSource();
});
beforeEach(async () => {
  temporary = await makeTemporaryFolder();
  folder = join(temporary.path, 'queue');
});
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
  for (const server of opened.splice(0)) await server.close();
  // Whatever a killed process left running is taken up, and stopped by its last member.
  if (existsSync(folder)) await (await openEmbeddedPostgres({ folder })).close();
  expect(await serverPid()).toBeUndefined();
  await temporary.remove();
});

function startChild(user: { uid?: number } = {}): Child {
  const child = runChild(compiled.pathOf('test/queue/embedded/member-child.ts'), [folder], user);
  children.push(child);
  return child;
}

async function open(onError?: (error: Error) => void): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ folder, ...(onError && { onError }) });
  opened.push(server);
  return server;
}

async function serverPid(): Promise<number | undefined> {
  const content = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => undefined);
  return content === undefined ? undefined : Number.parseInt(content, 10);
}

async function ask(connection: pg.ClientConfig, query = 'select 2 as answer'): Promise<number | undefined> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<{ answer: number }>(query)).rows[0]?.answer;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const members = `select count(*)::int as answer from pg_locks where locktype = 'advisory' and mode = 'ShareLock'`;

describe('the embedded server', () => {
  it('starts again after somebody opened its folders to everybody', async () => {
    const first = await openEmbeddedPostgres({ folder });
    await first.close();
    // As chmod -R a+rwX does: PostgreSQL refuses such a folder.
    for (const path of [folder, join(folder, 'data')]) await chmod(path, 0o777);
    const second = await openEmbeddedPostgres({ folder });
    expect(await ask(second.connection)).toBe(2);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    await second.close();
  });

  it('is made once and shared by processes that start at the same moment; the last one stops it', async () => {
    const three = [startChild(), startChild(), startChild()];
    const pids = await Promise.all(three.map((child) => child.line()));
    expect(new Set(pids).size).toBe(1);
    // Links to libraries are made there where npm ran no install script.
    const left = (await readdir(folder)).filter((name) => name !== 'libraries');
    expect(left.sort()).toEqual(['data', 'server.log']);
    const starts = (await readFile(join(folder, 'server.log'), 'utf8')).match(/starting PostgreSQL/g);
    expect(starts).toHaveLength(1);
    expect(await three[0]?.end()).toBe(0);
    expect(await three[1]?.end()).toBe(0);
    expect(String(await serverPid())).toBe(pids[0]);
    expect(await three[2]?.end()).toBe(0);
    expect(await serverPid()).toBeUndefined();
  });

  it('is found again after its only process was killed', async () => {
    const child = startChild();
    const pid = await child.line();
    await child.kill();
    const server = await open();
    expect(String(await serverPid())).toBe(pid);
    expect(await ask(server.connection)).toBe(2);
    await server.close();
    expect(await serverPid()).toBeUndefined();
  });

  it('is started again by those who use it when it is killed', async () => {
    const errors: string[] = [];
    const server = await open((error) => void errors.push(error.message));
    const child = startChild();
    const pid = Number(await child.line());
    process.kill(pid, 'SIGKILL');
    await until(async () => (await ask(server.connection, members)) === 2, { what: 'the return of both' });
    const newPid = await serverPid();
    expect(newPid).not.toBe(pid);
    expect(errors[0]).toContain('is restarted');
    expect(await child.end()).toBe(0);
    expect(await serverPid()).toBe(newPid);
    await server.close();
  });

  it('starts over files that a crash of the machine left, though another program has their process id', async () => {
    const first = await open();
    await first.close();
    const pid = `${process.pid}`;
    await writeFile(join(folder, 'data', 'postmaster.pid'), `${pid}\n${folder}/data\n1\n5432\n.\n\n`);
    await writeFile(join(folder, 'data', '.s.PGSQL.5432.lock'), `${pid}\n`);
    await writeFile(join(folder, 'start.lock'), 'elsewhere~boot~1:1:1 token');
    await mkdir(join(folder, 'data.new'));
    await utimes(join(folder, 'start.lock'), 1, 1);
    const second = await open();
    expect(await ask(second.connection)).toBe(2);
    await second.close();
  });

  it('is made again where its making was interrupted', async () => {
    await mkdir(join(folder, 'data.new', 'base'), { recursive: true });
    await writeFile(join(folder, 'data.new', 'PG_VERSION'), '18\n');
    const server = await open();
    expect(await ask(server.connection)).toBe(2);
    await server.close();
    expect(existsSync(join(folder, 'data.new'))).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)(
    'is made for a user without a name where the system lets him have one, and else says what to do',
    async () => {
      const uid = 54_321;
      await chown(temporary.path, uid, uid);
      const child = startChild({ uid });
      const said = await child.line();
      if (/^\d+$/.test(said)) expect((await stat(join(folder, 'data'))).uid).toBe(uid);
      else expect(said).toContain('uid 54321 has none here. Give it a line in /etc/passwd');
      await child.end();
    },
  );

  it('lives in a folder whose path is longer than a socket may have, and moves with it', async () => {
    folder = join(temporary.path, `with 'quotes', $HOME and spaces ${'long '.repeat(20)}`.trim(), 'queue');
    const server = await open();
    expect(await ask(server.connection)).toBe(2);
    await server.close();
    const moved = join(temporary.path, 'moved');
    await rename(folder, moved);
    folder = moved;
    const again = await open();
    expect(await ask(again.connection)).toBe(2);
    await again.close();
  });

  it('says what is wrong with a folder that holds something else', async () => {
    await mkdir(join(folder, 'data'), { recursive: true });
    await writeFile(join(folder, 'data', 'letter.txt'), 'hello');
    await expect(open()).rejects.toMatchObject({
      code: 'embedded-broken-data',
      exitCode: 4,
    });
    await rename(join(folder, 'data'), join(temporary.path, 'aside'));
  });
});
