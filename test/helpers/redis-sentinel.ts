import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectTo, startRedisProcess } from './redis-process.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

const password = 'of-the-data';
const sentinelPassword = 'of-the-sentinel';

/** A master, its replica, and a sentinel that takes a silent master for dead after a second. */
export interface TestSentinel {
  /** For `--queue`, with passwords for both. */
  readonly url: string;
  readonly secrets: readonly string[];
  /** `kill -9`: the replica becomes the master. */
  killMaster(): Promise<void>;
  close(): Promise<void>;
}

export async function startTestSentinel(): Promise<TestSentinel> {
  const folder = await makeTemporaryFolder();
  const startServer = async (name: string, more: readonly string[]) => {
    const own = join(folder.path, name);
    await mkdir(own);
    return startRedisProcess(
      (port) => [
        ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', own, '--save', '', '--appendonly', 'yes'],
        ...['--requirepass', password, '--masterauth', password, '--repl-diskless-sync-delay', '0', ...more],
      ],
      { login: { password } },
    );
  };
  const master = await startServer('master', []);
  const replica = await startServer('replica', ['--replicaof', '127.0.0.1', `${master.port}`]);
  const config = join(folder.path, 'sentinel.conf');
  await writeFile(
    config,
    [
      'bind 127.0.0.1',
      `dir ${folder.path}`,
      `requirepass ${sentinelPassword}`,
      `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
      `sentinel auth-pass mymaster ${password}`,
      'sentinel down-after-milliseconds mymaster 1000',
      'sentinel failover-timeout mymaster 10000',
    ].join('\n'),
  );
  const sentinel = await startRedisProcess((port) => [config, '--sentinel', '--port', `${port}`], {
    login: { password: sentinelPassword },
  });
  const link = connectTo(replica.port, { password });
  await until(async () => (await link.info('replication')).includes('master_link_status:up'), {
    what: 'a replica that follows its master',
  });
  link.disconnect();
  const watch = connectTo(sentinel.port, { password: sentinelPassword });
  await until(
    async () =>
      JSON.stringify(await watch.call('SENTINEL', 'REPLICAS', 'mymaster')).includes(`${replica.port}`),
    {
      what: 'a sentinel that knows the replica',
    },
  );
  watch.disconnect();
  return {
    url: `redis+sentinel://:${password}@127.0.0.1:${sentinel.port}/mymaster?sentinelPassword=${sentinelPassword}`,
    secrets: [password, sentinelPassword],
    killMaster: master.kill,
    async close() {
      await Promise.all([sentinel, replica, master].map((server) => server.kill()));
      await folder.remove();
    },
  };
}
