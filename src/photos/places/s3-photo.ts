import type { GetObjectCommandOutput, S3 } from '@aws-sdk/client-s3';
import { parseS3Address, type S3Address } from '../../storage/s3/s3-address.ts';
import type { S3Connection } from '../../storage/s3/s3-connection.ts';
import { readS3Error } from '../../storage/s3/s3-error.ts';
import { remedyOf } from '../../storage/s3/s3-remedy.ts';
import { UsageError } from '../../util/errors.ts';
import { redactAddress } from '../../util/redact-address.ts';
import { withinTime } from '../../util/time-limit.ts';
import { createDeadline, DeadlineError } from '../deadline.ts';
import type { PhotoBytes, PhotoProblem } from '../photo.ts';
import { openFault, permanent, sourceFault, tooLarge, toPhotoBytes, transient } from '../photo-bytes.ts';

export interface S3PhotoOptions {
  readonly address: string;
  readonly s3: S3Connection;
  readonly maxSizeInBytes: number;
  /** For the whole read, the client's own retries included. */
  readonly timeoutInMs: number;
  readonly signal: AbortSignal;
}

/** Reads an object once. @throws the signal's reason when aborted */
export async function readS3Photo(options: S3PhotoOptions): Promise<PhotoBytes | PhotoProblem> {
  const { address, s3, maxSizeInBytes, timeoutInMs, signal } = options;
  const shown = `photo ${JSON.stringify(redactAddress(address).address.slice(0, 300))}`;
  const deadline = createDeadline(signal, timeoutInMs);
  try {
    const at = parseS3Address(address);
    const reading = s3
      .client()
      .then((client) => readObject(client, at, { maxSizeInBytes, signal: deadline.signal }));
    return await withinTime(reading, { signal: deadline.signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError) return permanent(`photo ${error.message}`);
    if (deadline.signal.reason instanceof DeadlineError)
      return openFault(transient(`${shown} did not arrive within ${timeoutInMs / 1000} s`));
    return explainS3Photo(error, shown);
  } finally {
    deadline.clear();
  }
}

async function readObject(
  client: S3,
  { bucket, key }: S3Address,
  { maxSizeInBytes, signal }: { maxSizeInBytes: number; signal: AbortSignal },
): Promise<PhotoBytes | PhotoProblem> {
  const reply = await client.getObject({ Bucket: bucket, Key: key }, { abortSignal: signal });
  const bytes = await readBody(reply, { maxSizeInBytes, signal });
  return bytes === undefined ? tooLarge(maxSizeInBytes) : toPhotoBytes(bytes, reply.ETag);
}

type Body = AsyncIterable<Buffer> & { destroy(error?: Error): void; on(name: 'error', on: () => void): void };

/** Undefined if it is larger than allowed: reading ends as soon as that is seen. */
async function readBody(
  { Body, ContentLength = 0 }: GetObjectCommandOutput,
  { maxSizeInBytes, signal }: { maxSizeInBytes: number; signal: AbortSignal },
): Promise<Buffer | undefined> {
  const body = Body as unknown as Body;
  const end = () => body.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    const chunks: Buffer[] = [];
    let sizeInBytes = 0;
    if (ContentLength <= maxSizeInBytes) {
      for await (const chunk of body) {
        sizeInBytes += chunk.length;
        if (sizeInBytes > maxSizeInBytes) break;
        chunks.push(chunk);
      }
      signal.throwIfAborted();
      if (sizeInBytes < ContentLength) throw Object.assign(new Error('ended early'), { code: 'ECONNRESET' });
    }
    if (Math.max(sizeInBytes, ContentLength) <= maxSizeInBytes) return Buffer.concat(chunks);
    body.on('error', () => undefined);
    end();
    return undefined;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Why an object cannot be read, and whether a retry may help. */
export function explainS3Photo(error: unknown, shown: string): PhotoProblem {
  const failure = readS3Error(error);
  const { kind, code, status, detail } = failure;
  const reason = status === undefined ? code : `${code}, ${status}`;
  switch (kind) {
    case 'unavailable':
      return openFault(transient(`${shown} cannot be read now (${reason})`));
    case 'archived':
      return permanent(
        `${shown} is archived in ${detail ?? 'a storage class that is not read at once'}: restore it, then run dead-letters --retry`,
      );
    case 'missing-key':
      return permanent(`${shown} is not there (${reason})`);
    case 'missing-bucket':
      return openFault(permanent(`${shown} is not there: there is no such bucket (${reason})`));
    case 'denied':
      return openFault(
        permanent(`${shown} may not be read (${reason}): ${remedyOf(failure, 's3:GetObject')}`),
      );
    case 'customer-key':
      return permanent(`${shown} may not be read (${reason}): ${remedyOf(failure, 's3:GetObject')}`);
    case 'credentials':
      // The fault of this process, not of the photo: another worker, or this one once fixed, may read it.
      return sourceFault(`${shown} may not be read (${reason}): ${remedyOf(failure, 's3:GetObject')}`);
    case 'region':
    case 'settings':
      return sourceFault(`${shown} cannot be read (${reason}): check AWS_REGION and AWS_ENDPOINT_URL_S3`);
    default:
      return openFault(permanent(`${shown} cannot be read (${reason})`));
  }
}
