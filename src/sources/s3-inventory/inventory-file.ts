import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { retryDuringOutage, type S3Connection } from '../../storage/s3/s3-connection.ts';
import { readS3Error } from '../../storage/s3/s3-error.ts';
import { s3Fault } from '../../storage/s3/s3-fault.ts';
import { chunksFrom } from '../manifest/manifest-bytes.ts';
import { openS3Object, type S3ObjectBytes } from '../manifest/s3-manifest.ts';
import { damaged } from './damaged.ts';
import type { InventoryFile } from './inventory-manifest.ts';

const looksAtOnce = 8;

interface Reading {
  readonly s3: S3Connection;
  readonly signal: AbortSignal;
}

/** @throws UsageError if one is missing or has another size: nothing is listed then */
export async function checkFiles(files: readonly InventoryFile[], reading: Reading): Promise<void> {
  const atOnce = pLimit({ concurrency: looksAtOnce, rejectOnClear: true });
  await atOnce.map(files, (file) => checkFile(file, reading)).finally(() => atOnce.clearQueue());
}

async function checkFile(file: InventoryFile, { s3, signal }: Reading): Promise<void> {
  const { at, address } = file;
  const client = await s3.client();
  const head = () => client.headObject({ Bucket: at.bucket, Key: at.key }, { abortSignal: signal });
  const waiting = { longestOutageInMs: s3.longestOutageInMs, signal };
  const { ContentLength: sizeInBytes } = await retryDuringOutage(head, waiting).catch((error) => {
    signal.throwIfAborted();
    if (readS3Error(error).kind === 'missing-key')
      throw damaged(address, 'is not there, although the manifest names it', { cause: error });
    throw s3Fault(error, { address, deed: 'read', permission: 's3:GetObject' });
  });
  if (sizeInBytes !== file.sizeInBytes) throw otherSize(file, sizeInBytes);
}

/**
 * Opens a file once all of it was compared with its checksum: nothing is listed of one that is not as it was delivered.
 * What is read then is of the same version.
 * @throws UsageError if it is not there, or is another one
 */
export async function openVerified(file: InventoryFile, { s3, signal }: Reading): Promise<S3ObjectBytes> {
  const bytes = await openS3Object({ at: file.at, s3, signal });
  try {
    if (bytes.sizeInBytes !== file.sizeInBytes) throw otherSize(file, bytes.sizeInBytes);
    const hash = createHash('md5');
    for await (const chunk of chunksFrom(bytes, { offset: 0, signal })) hash.update(chunk);
    if (hash.digest('hex') !== file.md5)
      throw damaged(file.address, 'does not have the MD5checksum of the manifest');
    return bytes;
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

const otherSize = ({ address, sizeInBytes }: InventoryFile, found = 0) =>
  damaged(address, `has ${found} bytes, not the ${sizeInBytes} of the manifest`);
