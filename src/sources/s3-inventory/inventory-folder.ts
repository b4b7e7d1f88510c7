import type { S3 } from '@aws-sdk/client-s3';
import { listPages } from '../../storage/s3/list-pages.ts';
import { formatS3Address, type S3Address } from '../../storage/s3/s3-address.ts';
import { UsageError } from '../../util/errors.ts';
import { type Delivered, deliveryAge } from './delivery-age.ts';

const delivered =
  /^(?<folder>.*?)(?<day>(?<date>\d{4}-\d\d-\d\d)T(?<hour>\d\d)-(?<minute>\d\d)Z\/)manifest\.(?:checksum|json)$/su;

/**
 * The newest delivery that is complete, of the folder in which an inventory is delivered day by day: its manifest and age.
 * `manifest.checksum` is delivered last. Undefined where it is no such folder.
 * @param options.first the first key below `at`, which shows it: days are sorted before all else that is delivered
 * @throws UsageError for the folder of one day, and where none is complete: there are no photos
 */
export async function newestDelivery(
  client: S3,
  { at, first, ...waiting }: { at: S3Address; first: string | undefined; longestOutageInMs: number },
): Promise<{ manifest: S3Address; delivered: Delivered } | undefined> {
  const { folder, day } = delivered.exec(first ?? '')?.groups ?? {};
  if (folder === undefined || (at.key !== folder && at.key !== `${folder}${day}`)) return undefined;
  const { signal } = new AbortController();
  let newest: string | undefined;
  let checksum: string | undefined;
  const times: number[] = [];
  for await (const objects of listPages(client, { ...at, ...waiting, signal })) {
    const keys = objects.map(({ key }) => key).filter((key) => delivered.test(key));
    for (const key of keys) {
      if (key.endsWith('.checksum')) checksum = key;
      else if (checksum === key.replace(/json$/u, 'checksum')) {
        newest = key;
        times.push(timeOf(key));
      }
    }
    if (keys.length === 0) break;
  }
  const address = formatS3Address(at);
  if (newest === undefined)
    throw new UsageError(
      'source-kind',
      `${address} holds an S3 Inventory of which no delivery is complete yet (none has its manifest.json and manifest.checksum), and no photos.`,
    );
  const manifest = { bucket: at.bucket, key: newest };
  if (at.key === folder) return { manifest, delivered: deliveryAge({ times, now: Date.now() }) };
  throw new UsageError(
    'source-kind',
    `${address} holds a delivery of an S3 Inventory, no photos: give its manifest, ${formatS3Address(manifest)}, or ${formatS3Address({ bucket: at.bucket, key: folder })} for the newest delivery.`,
  );
}

function timeOf(key: string): number {
  const { date, hour, minute } = delivered.exec(key)?.groups ?? {};
  return Date.parse(`${date}T${hour}:${minute}Z`);
}
