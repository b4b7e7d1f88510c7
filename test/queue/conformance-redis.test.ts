import { describe } from 'vitest';
import { startRedisQueue } from '../helpers/queue-servers.ts';
import { describeRunQueue } from './run-queue-conformance.ts';

describe('redis', () => {
  describeRunQueue(startRedisQueue);
});
