import { FaultError, RollcallError, UsageError } from '../../util/errors.ts';
import { readS3Error } from './s3-error.ts';
import { remedyOf } from './s3-remedy.ts';

export interface S3Deed {
  /** What failed, as it is shown: `s3://bucket/key` or the like, without anything secret. */
  readonly address: string;
  /** What was to be done with it, `listed` or `read`: "cannot be …". */
  readonly deed: string;
  /** The permission that it takes, such as `s3:ListBucket`. */
  readonly permission: string;
}

/**
 * The error to end a command with when S3 refuses or stays away. Holds no text of the SDK or the store.
 * @returns UsageError for what settings, bucket or permissions are at fault for (exit code 2), else FaultError (4); an
 * error of rollcall's own, or the reason of a signal that aborted, as it is
 */
export function s3Fault(error: unknown, deed: S3Deed): unknown {
  if (error instanceof RollcallError || isAbort(error)) return error;
  const failure = readS3Error(error);
  const fix = remedyOf(failure, deed.permission);
  const code = failure.status === undefined ? failure.code : `${failure.code}, ${failure.status}`;
  const start = `${deed.address} cannot be ${deed.deed} (${code})`;
  if (fix !== undefined) return new UsageError('s3', `${start}: ${fix}`, { cause: error });
  const seen = failure.detail === undefined ? '' : ` (${failure.detail})`;
  return new FaultError(
    's3',
    `${start}, after several tries${seen}: start the same command again when the store answers; it goes on where it stopped.`,
    { cause: error },
  );
}

function isAbort(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'AbortError';
}
