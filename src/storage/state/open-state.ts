import { isS3Address, parseS3Address } from '../s3/s3-address.ts';
import type { S3Connection } from '../s3/s3-connection.ts';
import { createLocalStateStore } from './local-state-store.ts';
import { createS3StateStore } from './s3/s3-state-store.ts';
import type { StateStore } from './state-store.ts';

/**
 * The state that `--state` names: an absolute path, or `s3://bucket/prefix`.
 * @throws UsageError for an address that is none
 */
export function openState(options: {
  state: string;
  s3: S3Connection;
  environment: Readonly<Record<string, string | undefined>>;
}): StateStore {
  const { state, s3, environment } = options;
  if (!isS3Address(state)) return createLocalStateStore(state);
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  return createS3StateStore({ client: s3.client, address: parseS3Address(state), endpoint });
}
