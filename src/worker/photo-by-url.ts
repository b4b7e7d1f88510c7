import { fetchableAddress } from '../photos/fetchable-address.ts';
import type { PhotoProblem } from '../photos/photo.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import type { ReadyPhoto } from './fetch-photo.ts';

/**
 * A photo that the engine fetches itself: no byte of it comes here, so that it has no hash, is not looked at and not
 * prepared. A photo may wait long for its call: its address is made anew for each.
 */
export async function photoByUrl({
  data,
  address,
  s3,
}: {
  data: PhotoJobData;
  address: string;
  s3: S3Connection;
}): Promise<ReadyPhoto | PhotoProblem> {
  const first = await fetchableAddress(address, s3);
  if ('problem' in first) return first;
  const { version, sizeInBytes } = data;
  return {
    bytes: Buffer.alloc(0),
    format: 'jpeg',
    openAddress: () => fetchableAddress(address, s3),
    facts: { ...(version !== undefined && { version }), ...(sizeInBytes !== undefined && { sizeInBytes }) },
  };
}
