import type { S3 } from '@aws-sdk/client-s3';
import { listPages } from '../../storage/s3/list-pages.ts';
import { formatS3Address, type S3Address } from '../../storage/s3/s3-address.ts';
import { UsageError } from '../../util/errors.ts';

const delivered = /^(?<folder>.*?)(?<day>\d{4}-\d\d-\d\dT\d\d-\d\dZ\/)manifest\.(?:checksum|json)$/su;

/**
 * Refuses the folder in which an inventory is delivered, day by day, and the folder of one day: there are no photos there.
 * @param options.first the first key below `at`, which shows it: days are sorted before all else that is delivered
 * @throws UsageError that names the newest manifest
 */
export async function refuseInventoryFolder(
  client: S3,
  { at, first, ...waiting }: { at: S3Address; first: string | undefined; longestOutageInMs: number },
): Promise<void> {
  const { folder, day } = delivered.exec(first ?? '')?.groups ?? {};
  if (folder === undefined || (at.key !== folder && at.key !== `${folder}${day}`)) return;
  const { signal } = new AbortController();
  let newest: string | undefined;
  for await (const objects of listPages(client, { ...at, ...waiting, signal })) {
    const manifests = objects.filter(({ key }) => delivered.test(key) && key.endsWith('.json'));
    if (manifests.length === 0) break;
    newest = manifests.at(-1)?.key;
  }
  if (newest === undefined) return;
  throw new UsageError(
    'source-kind',
    `${formatS3Address(at)} holds an S3 Inventory, no photos: give its newest manifest, ${formatS3Address({ bucket: at.bucket, key: newest })}.`,
  );
}
