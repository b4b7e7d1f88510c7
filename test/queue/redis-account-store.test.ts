import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotSpacing } from '../../src/account/slot-spacing.ts';
import { createRedisAccountStore } from '../../src/queue/redis/redis-account-store.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { accountStoreConformance } from './account-store-conformance.ts';

describe('accounts in Redis', () => {
  let server: TestRedis;
  let connections: [Redis, Redis];

  beforeAll(async () => {
    server = await startTestRedis();
    connections = [new Redis(server.url), new Redis(server.url)];
  });
  afterAll(async () => {
    for (const connection of connections) connection.disconnect();
    await server.close();
  });

  accountStoreConformance(() => ({
    store: createRedisAccountStore(connections[0], 'test'),
    other: createRedisAccountStore(connections[1], 'test'),
    async setBack(account, byInMs) {
      const [line, log] = [`test:account:${account}`, `test:calls:${account}`];
      for (const field of ['lastAt', 'notBefore']) await connections[0].hincrbyfloat(line, field, byInMs);
      for (const number of await connections[0].zrange(log, '0', '-1'))
        await connections[0].zincrby(log, byInMs, number);
    },
  }));

  it('loads its scripts again when the server forgot them', async () => {
    const store = createRedisAccountStore(connections[0], 'test');
    await store.read('forgotten');
    await connections[0].script('FLUSH');
    expect((await store.read('forgotten')).state.pause).toBeNull();
  });

  it('begins a second later when the server lost its data', async () => {
    const store = createRedisAccountStore(connections[0], 'test');
    const request = { account: 'wiped', slots: 1, spacing: slotSpacing(50), aheadInMs: 2000, notes: [] };
    await store.reserve(request);
    await connections[0].flushall();
    const { slots, now } = await store.reserve(request);
    expect((slots[0]?.at ?? 0) - now).toBeCloseTo(1000, 1);
  });
});
