import type { S3Failure } from './s3-error.ts';

const renew =
  'Renew them (AWS_SESSION_TOKEN together with its key, the file of AWS_PROFILE, or aws sso login), or give the machine a role.';
const kmsKey = (what: string) =>
  `the KMS key that it is encrypted with ${what}. Restore the key, or leave the object out.`;

/** What helps, by the code that the store or the SDK answers with, where that says more than its kind. */
const byCode: Readonly<Record<string, string>> = {
  RequestTimeTooSkewed:
    'the clocks of this machine and of the store differ by too much. Set this machine’s clock (NTP).',
  RequestInTheFuture: 'this machine’s clock is ahead of the store’s. Set this machine’s clock (NTP).',
  RequestExpired:
    'the request reached the store too late. Set this machine’s clock (NTP), and see what holds requests up on the way.',
  ExpiredToken: `the credentials have expired. ${renew}`,
  ExpiredTokenException: `the credentials have expired. ${renew}`,
  TokenRefreshRequired: `the credentials have expired. ${renew}`,
  InvalidToken:
    'the session token is not valid. AWS_SESSION_TOKEN must be the one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a key of a user has none: unset it.',
  InvalidAccessKeyId:
    'the store does not know this key. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE), and whether they belong to the store of AWS_ENDPOINT_URL_S3.',
  SignatureDoesNotMatch:
    'the secret does not belong to the key, or something on the way changes requests. Check AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL_S3.',
  AccountProblem: 'the store has locked the account. See what its provider says about it.',
  NotSignedUp: 'the account has no access to this service. Sign up for it with the provider.',
  OptInRequired: 'the account has no access to this service or region. Opt in with the provider.',
  AllAccessDisabled: 'the store has closed the bucket or object for everybody. Ask its owner.',
  'KMS.DisabledException': kmsKey('is disabled'),
  'KMS.NotFoundException': kmsKey('is not there any more'),
  'KMS.InvalidStateException': kmsKey('is about to be deleted, or not usable'),
  'KMS.KMSInvalidStateException': kmsKey('is about to be deleted, or not usable'),
};

/**
 * What to do about a refusal, in words; undefined for what may pass by itself. `permission`: what it takes, such as
 * `s3:ListBucket`. Nothing of it is the other side's text.
 */
export function remedyOf(failure: S3Failure, permission: string): string | undefined {
  return byCode[failure.code] ?? byKind(failure, permission);
}

const account = 'the account of AWS_ACCESS_KEY_ID (AWS_PROFILE, or the machine’s role)';

function byKind({ kind, detail, denied }: S3Failure, permission: string): string | undefined {
  switch (kind) {
    case 'missing-bucket':
      return 'there is no such bucket there. Check its name, AWS_REGION and AWS_ENDPOINT_URL_S3; a store that is not AWS may need ROLLCALL_S3_PATH_STYLE=true.';
    case 'missing-key':
      return 'it is not there. Check the address.';
    case 'denied':
      return remedyOfDenial(denied, permission);
    case 'credentials':
      return 'the credentials are missing or wrong. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN), AWS_PROFILE, or give the machine a role.';
    case 'region':
      return `its region is ${detail ?? 'missing or another one'}. Set AWS_REGION${detail === undefined ? '' : `=${detail}`}.`;
    case 'settings':
      return `${detail ?? 'the address is not valid'}. Check AWS_ENDPOINT_URL_S3; a store that is not AWS may need ROLLCALL_S3_PATH_STYLE=true, and NODE_EXTRA_CA_CERTS for its certificate.`;
    case 'archived':
      return `it is archived${detail === undefined ? '' : ` in ${detail}`}. Restore it first.`;
    case 'customer-key':
      return 'it is encrypted with a key that only its owner has (SSE-C), which rollcall cannot give. Store it without.';
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

function remedyOfDenial(denied: S3Failure['denied'], permission: string): string {
  const { action = permission, by } = denied ?? {};
  const on = action.startsWith('kms:') ? ' on the KMS key that it is encrypted with' : '';
  if (by !== undefined)
    return `access is denied: a ${by} forbids ${account} the action ${action}${on}. Change that policy.`;
  return `access is denied: the permission ${action} is missing${on}. Give it to ${account}.`;
}
