import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/queue/embedded/open-embedded-postgres.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { startTestCluster } from './redis-cluster.ts';
import { connectTo } from './redis-process.ts';
import { startTestRedis } from './redis-server.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A store of the test's own, to be opened as often as a test likes. */
export interface QueueServer {
  readonly queue: string;
  readonly stateFolder: string;
  /** What backends complained of since the start. */
  readonly errors: Error[];
  open(): Promise<QueueBackend>;
  /** Ends the server with `kill -9`; it comes back, by itself or by this. */
  crash(): Promise<void>;
  /** How many connections there are, but for this helper's own. */
  connections(): Promise<number>;
  /** Names of everything that is kept about a run. */
  remains(runId: string): Promise<string[]>;
  /** Takes the locks of a run's active jobs away from their worker. */
  breakLocks(runId: string): Promise<void>;
  /**
   * Loses a part of a run's queue: those that `choose` picks of its keys, or of its rows (`table/key`). Ids of photos are
   * given for what was in work at that moment, and for whose own content, or result, is gone.
   */
  loseSome(runId: string, choose: (names: readonly string[]) => readonly string[]): Promise<Loss>;
  /** Forgets all leases, as a server does that lost its disk. */
  wipeLeases(): Promise<void>;
  /** Removes the jobs of all ticks that are to come, but not the schedules. */
  loseTick(clockId: string): Promise<void>;
  close(): Promise<void>;
}

export interface Loss {
  readonly removed: readonly string[];
  /** Photos whose jobs were in work. */
  readonly inWork: readonly string[];
  /** Photos whose jobs, or what is recorded of them, the store holds no more. */
  readonly jobs: readonly string[];
}

export async function startEmbeddedQueue(): Promise<QueueServer> {
  const folder = await makeTemporaryFolder();
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  // Holds the server while no backend is open.
  const member = await openEmbeddedPostgres({ folder: join(folder.path, 'queue'), onError });

  async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ ...member.connection, application_name: 'probe' });
    client.on('error', () => undefined);
    await client.connect();
    return client
      .query(text, values)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  return {
    queue: 'embedded',
    stateFolder: folder.path,
    errors,
    open: () => openQueue({ queue: 'embedded', stateFolder: folder.path, onError }),
    async crash() {
      const content = await readFile(join(folder.path, 'queue', 'data', 'postmaster.pid'), 'utf8');
      process.kill(Number.parseInt(content, 10), 'SIGKILL');
    },
    async connections() {
      const rows = await query(
        `SELECT FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND application_name NOT IN ('probe', 'rollcall member')`,
      );
      return rows.length;
    },
    async remains(runId) {
      const queue = `rollcall-run-${runId}`;
      const tables = ['job', 'event', 'meta', 'metrics', 'rate_limit', 'job_log'];
      const counts = tables.map((name) => `SELECT '${name}' AS name FROM bullmq.${name} WHERE queue = $1`);
      const sequence = `SELECT relname::text FROM pg_class WHERE relname = bullmq.job_id_seq_name($1)`;
      return (await query([...counts, sequence].join(' UNION '), [queue])).map((row) => String(row.name));
    },
    async breakLocks(runId) {
      await query(`UPDATE bullmq.job SET lock_token = 'broken' WHERE queue = $1 AND state = 'active'`, [
        `rollcall-run-${runId}`,
      ]);
    },
    async loseSome(runId, choose) {
      const queue = `rollcall-run-${runId}`;
      const rows = await query(
        `SELECT 'job/' || id AS name FROM bullmq.job WHERE queue = $1
         UNION SELECT 'log/' || job_id || '/' || idx FROM bullmq.job_log WHERE queue = $1
         UNION SELECT 'meta/' || field FROM bullmq.meta WHERE queue = $1
         UNION SELECT 'event/' || id FROM bullmq.event WHERE queue = $1 ORDER BY name`,
        [queue],
      );
      const removed = choose(rows.map((row) => String(row.name)));
      const keysOf = (table: string) =>
        removed.filter((name) => name.startsWith(`${table}/`)).map((name) => name.slice(table.length + 1));
      const active = await query(
        `SELECT id, data->'photos' AS photos FROM bullmq.job WHERE queue = $1 AND state = 'active'`,
        [queue],
      );
      const gone = await query(
        `WITH meta AS (DELETE FROM bullmq.meta WHERE queue = $1 AND field = ANY($3)),
         event AS (DELETE FROM bullmq.event WHERE queue = $1 AND id::text = ANY($4)),
         log AS (DELETE FROM bullmq.job_log WHERE queue = $1 AND job_id || '/' || idx = ANY($5) RETURNING job_id),
         job AS (DELETE FROM bullmq.job WHERE queue = $1 AND id = ANY($2) RETURNING id, data)
         SELECT id, data->'photos' AS photos FROM job
         UNION ALL SELECT id, data->'photos' FROM bullmq.job WHERE queue = $1 AND id IN (SELECT job_id FROM log)`,
        [queue, keysOf('job'), keysOf('meta'), keysOf('event'), keysOf('log')],
      );
      return { removed, inWork: active.flatMap(photoIdsOf), jobs: gone.flatMap(photoIdsOf) };
    },
    async wipeLeases() {
      await query('DELETE FROM rollcall.lease');
    },
    async loseTick(clockId) {
      await query('DELETE FROM bullmq.job WHERE queue = $1', [`rollcall-schedules-${clockId}`]);
    },
    async close() {
      await member.close();
      await folder.remove();
    },
  };
}

/** Of a job of one photo its own id, else those of its photos. */
function photoIdsOf({ id, photos }: Record<string, unknown>): string[] {
  return photos === null ? [String(id)] : (photos as { id: string }[]).map((photo) => photo.id);
}

export async function startRedisQueue(): Promise<QueueServer> {
  const server = await startTestRedis();
  const crash = async () => {
    await server.kill();
    await server.start();
  };
  const probe = new Redis(server.url, { maxRetriesPerRequest: null, connectionName: 'probe' });
  return redisQueueServer({ queue: server.url, probe, nodes: [probe], crash, close: server.close });
}

export async function startClusterQueue(): Promise<QueueServer> {
  const cluster = await startTestCluster();
  const nodes = cluster.ports.map((port) => connectTo(port, { connectionName: 'probe' }));
  const ports = cluster.ports.map((port) => ({ host: '127.0.0.1', port }));
  const probe = new Cluster(ports, { redisOptions: { connectionName: 'probe' } });
  const crash = () => Promise.reject(new Error('a Cluster as a whole is not killed here'));
  return redisQueueServer({ queue: cluster.url, probe, nodes, crash, close: cluster.close });
}

async function redisQueueServer(parts: {
  queue: string;
  probe: Redis | Cluster;
  /** Connections to every server, of the test's own. */
  nodes: readonly Redis[];
  crash: () => Promise<void>;
  close: () => Promise<void>;
}): Promise<QueueServer> {
  const { queue, probe, nodes, crash } = parts;
  const folder = await makeTemporaryFolder();
  const errors: Error[] = [];
  for (const link of [probe, ...nodes]) link.on('error', () => undefined);
  const keys = async (pattern: string) => (await Promise.all(nodes.map((node) => node.keys(pattern)))).flat();
  const countConnections = async () => {
    const lists = await Promise.all(nodes.map(async (node) => String(await node.client('LIST'))));
    return lists.flatMap((list) => list.trim().split('\n')).filter((line) => !line.includes('probe ')).length;
  };

  return {
    queue,
    stateFolder: folder.path,
    errors,
    open: () => openQueue({ queue, onError: (error) => void errors.push(error) }),
    crash,
    connections: countConnections,
    remains: (runId) => keys(`*rollcall-run-${runId}:*`),
    async breakLocks(runId) {
      const locks = await keys(`*rollcall-run-${runId}:*:lock`);
      if (locks.length > 0) await probe.del(...locks);
    },
    async loseSome(runId, choose) {
      const prefix = `{rollcall}:rollcall-run-${runId}:`;
      const names = (await keys(`*rollcall-run-${runId}:*`)).map((key) => key.slice(prefix.length)).sort();
      const removed = choose(names);
      // At one moment, beside whatever the workers do.
      const found = await probe.eval(
        `local function photosOf(names)
           local ids = {}
           for _, name in ipairs(names) do
             local id = string.gsub(name, ':logs$', '')
             local photos = cjson.decode(redis.call('HGET', KEYS[1] .. id, 'data') or '{}').photos or {{id = id}}
             for _, photo in ipairs(photos) do ids[#ids + 1] = photo.id end
           end
           return ids
         end
         local contents = {}
         for _, name in ipairs(ARGV) do
           if string.find(name, '^[^:]*%-%d+%-[^:]*$') or string.find(name, ':logs$') then contents[#contents + 1] = name end
         end
         local found = {photosOf(redis.call('LRANGE', KEYS[1] .. 'active', 0, -1)), photosOf(contents)}
         for _, name in ipairs(ARGV) do redis.call('DEL', KEYS[1] .. name) end
         return found`,
        1,
        prefix,
        ...removed,
      );
      const [inWork, jobs] = found as [string[], string[]];
      return { removed, inWork, jobs };
    },
    async wipeLeases() {
      const leases = await keys('{rollcall}:lease:*');
      if (leases.length > 0) await probe.del(...leases);
    },
    async loseTick(clockId) {
      const ticks = await keys(`*rollcall-schedules-${clockId}:repeat:*:*`);
      const delayed = await keys(`*rollcall-schedules-${clockId}:delayed`);
      await probe.del(...ticks, ...delayed);
    },
    async close() {
      for (const link of [probe, ...nodes]) link.disconnect();
      await parts.close();
      await folder.remove();
    },
  };
}
