import { describe } from 'vitest';
import { startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { describeLeases } from './lease-conformance.ts';
import { describeRunQueue } from './run-queue-conformance.ts';
import { describeSchedules } from './schedule-conformance.ts';
import { describeWorker } from './worker-conformance.ts';

describe('embedded', () => {
  describeRunQueue(startEmbeddedQueue);
  describeWorker(startEmbeddedQueue);
  describeLeases(startEmbeddedQueue);
  describeSchedules(startEmbeddedQueue);
});
