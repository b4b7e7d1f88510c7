import { FaultError, RollcallError, UsageError } from '../../util/errors.ts';
import { readS3Error, type S3Failure } from './s3-error.ts';

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
  const fix = fixOf(failure, deed);
  const code = failure.status === undefined ? failure.code : `${failure.code}, ${failure.status}`;
  const start = `${deed.address} cannot be ${deed.deed} (${code})`;
  if (fix !== undefined) return new UsageError('s3', `${start}: ${fix}`, { cause: error });
  return new FaultError(
    's3',
    `${start}, after several tries: start the same command again when the store answers; it goes on where it stopped.`,
    { cause: error },
  );
}

function isAbort(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'AbortError';
}

function fixOf({ kind, detail }: S3Failure, { permission }: S3Deed): string | undefined {
  switch (kind) {
    case 'missing-bucket':
      return 'there is no such bucket there. Check its name, AWS_REGION and AWS_ENDPOINT_URL_S3; a store that is not AWS may need ROLLCALL_S3_PATH_STYLE=true.';
    case 'missing-key':
      return 'it is not there. Check the address.';
    case 'denied':
      return `access is denied. Give the account of AWS_ACCESS_KEY_ID (AWS_PROFILE, or the machine’s role) the permission ${permission}.`;
    case 'credentials':
      return 'the credentials are missing, wrong or expired. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN), AWS_PROFILE, or give the machine a role; and check its clock.';
    case 'region':
      return `its region is ${detail ?? 'missing or another one'}. Set AWS_REGION${detail === undefined ? '' : `=${detail}`}.`;
    case 'settings':
      return `${detail ?? 'the address is not valid'}. Check AWS_ENDPOINT_URL_S3; a store that is not AWS may need ROLLCALL_S3_PATH_STYLE=true, and NODE_EXTRA_CA_CERTS for its certificate.`;
    case 'archived':
      return `it is archived${detail === undefined ? '' : ` in ${detail}`}. Restore it first.`;
    case 'changed':
      return 'it was changed meanwhile. Start again with --new.';
    case 'range':
      return 'it is shorter than before. Start again with --new.';
    case 'refused':
      return 'the store refuses the request. Check AWS_ENDPOINT_URL_S3 and ROLLCALL_S3_PATH_STYLE.';
    case 'unavailable':
      return undefined;
  }
}
