import { describe } from 'vitest';
import { startRedisQueue } from '../helpers/queue-servers.ts';
import { describeLeases } from './lease-conformance.ts';
import { describeRunQueue } from './run-queue-conformance.ts';
import { describeSchedules } from './schedule-conformance.ts';
import { describeWorker } from './worker-conformance.ts';

describe('redis', () => {
  describeRunQueue(startRedisQueue);
  describeWorker(startRedisQueue);
  describeLeases(startRedisQueue);
  describeSchedules(startRedisQueue);
});
