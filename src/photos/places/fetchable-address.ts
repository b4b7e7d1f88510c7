import { parseArchivedAddress } from '../../sources/archive/archive-address.ts';
import { isS3Address, parseS3Address } from '../../storage/s3/s3-address.ts';
import type { S3Connection } from '../../storage/s3/s3-connection.ts';
import { UsageError } from '../../util/errors.ts';
import { redactAddress } from '../../util/redact-address.ts';
import type { PhotoProblem } from '../photo.ts';
import { permanent } from '../photo-bytes.ts';
import { explainS3Photo } from './s3-photo.ts';

/** How long a signed address is valid: the vendor has 15 s to fetch the photo, and queues of its own. */
const validForInSeconds = 900;

/**
 * The address from which an engine can fetch a photo: an `https://` address as it is, an object of S3 by a signed
 * address. It is a secret, since it gives access: it is written nowhere but into the call that it is made for.
 */
export async function fetchableAddress(
  address: string,
  s3: S3Connection,
): Promise<{ readonly url: string } | PhotoProblem> {
  if (/^https:\/\//iu.test(address)) return { url: address };
  const shown = `photo ${JSON.stringify(redactAddress(address).address.slice(0, 300))}`;
  const isArchived = parseArchivedAddress(address) !== undefined;
  if (isArchived || !isS3Address(address))
    return permanent(
      `${shown} ${isArchived ? 'lies in an archive file' : 'is a file'}, which no engine can fetch: with --photo-transport url photos are https:// or s3:// addresses`,
    );
  try {
    return { url: await signS3Address(address, s3) };
  } catch (error) {
    if (error instanceof UsageError) return permanent(`photo ${error.message}`);
    return explainS3Photo(error, shown);
  }
}

/** No request is made to the store: whether the object exists, the engine finds out. */
async function signS3Address(address: string, s3: S3Connection): Promise<string> {
  const { bucket, key } = parseS3Address(address);
  const [{ getSignedUrl }, { GetObjectCommand }, client] = await Promise.all([
    import('@aws-sdk/s3-request-presigner'),
    import('@aws-sdk/client-s3'),
    s3.client(),
  ]);
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  return getSignedUrl(client, command, { expiresIn: validForInSeconds });
}
