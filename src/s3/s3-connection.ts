import type { S3 } from '@aws-sdk/client-s3';
import { createS3Client, type S3ClientOptions } from './s3-client.ts';

/** The one client of a process: made, and the SDK loaded, when it is first needed. */
export interface S3Connection {
  client(): Promise<S3>;
  close(): Promise<void>;
}

export function openS3Connection(options: S3ClientOptions): S3Connection {
  let made: Promise<S3> | undefined;
  return {
    client() {
      made ??= createS3Client(options);
      return made;
    },
    async close() {
      (await made)?.destroy();
    },
  };
}
