import { describe } from 'vitest';
import { provideRedis } from '../helpers/provide-redis.ts';
import { startClusterQueue } from '../helpers/queue-servers.ts';
import { describeLeases } from './lease-conformance.ts';
import { describeRunQueue } from './run-queue-conformance.ts';

// Several servers that know each other's addresses: not in containers.
const inDocker = (await provideRedis()) === 'docker';

describe.skipIf(inDocker)('redis, as a Cluster', () => {
  describeRunQueue(startClusterQueue);
  describeLeases(startClusterQueue);
});
