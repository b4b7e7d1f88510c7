import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/queue/embedded/open-embedded-postgres.ts';

/** Everything that is in a Redis server at this moment, every key of every type, as text. */
export async function dumpRedis(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const parts: unknown[] = [];
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      const read = readers[type];
      if (!read && type !== 'none') throw new Error(`a key of the type ${type}`);
      parts.push(key, await read?.(redis, key));
    }
    return JSON.stringify(parts);
  } finally {
    redis.disconnect();
  }
}

const readers: Readonly<Record<string, (redis: Redis, key: string) => Promise<unknown>>> = {
  string: (redis, key) => redis.get(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
  set: (redis, key) => redis.smembers(key),
  zset: (redis, key) => redis.zrange(key, '0', '-1', 'WITHSCORES'),
  hash: (redis, key) => redis.hgetall(key),
  stream: (redis, key) => redis.xrange(key, '-', '+'),
};

/** Every row of every table that the embedded queue of a state folder keeps, as text. */
export async function dumpEmbedded(stateFolder: string): Promise<string> {
  const server = await openEmbeddedPostgres({ folder: join(stateFolder, 'queue') });
  const client = new pg.Client(server.connection);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
      parts.push(name, ...rows.map(({ row }) => row));
    }
    return parts.join('\n');
  } finally {
    await client.end();
    await server.close();
  }
}
