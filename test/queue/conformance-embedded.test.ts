import { describe } from 'vitest';
import { startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { describeRunQueue } from './run-queue-conformance.ts';

describe('embedded', () => {
  describeRunQueue(startEmbeddedQueue);
});
