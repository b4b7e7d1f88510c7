import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import { randomInputs } from '../helpers/long.ts';
import { startS3Server } from '../helpers/s3-server.ts';
import { describeCompaction } from './describe-compaction.ts';

describeCompaction('on S3', {
  numRuns: randomInputs(5),
  async open() {
    const s3 = await startS3Server();
    await s3.createBucket('state');
    const address = { bucket: 'state', key: 'rollcall' };
    return { state: createS3StateStore({ client: async () => s3.client, address }), close: s3.close };
  },
});
