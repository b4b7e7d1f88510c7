import type { S3 } from '@aws-sdk/client-s3';
import { createS3Client, type S3ClientOptions } from './s3-client.ts';

/** The one client of a process: made, and the SDK loaded, when it is first needed. */
export interface S3Connection {
  /** How long S3 may stay away in the middle of a long listing before that is a fault. */
  readonly longestOutageInMs: number;
  client(): Promise<S3>;
  close(): Promise<void>;
}

const defaultOutageInMs = 120_000;

/** @param options.longestOutageInMs default: two minutes, like the queue */
export function openS3Connection(
  options: S3ClientOptions & { readonly longestOutageInMs?: number },
): S3Connection {
  let made: Promise<S3> | undefined;
  return {
    longestOutageInMs: options.longestOutageInMs ?? defaultOutageInMs,
    client() {
      made ??= createS3Client(options);
      return made;
    },
    async close() {
      (await made)?.destroy();
    },
  };
}
