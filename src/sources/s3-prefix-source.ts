import { listPage } from '../storage/s3/list-page.ts';
import { listPages } from '../storage/s3/list-pages.ts';
import { KeyOrderError } from '../storage/s3/page-stream.ts';
import { formatS3Address } from '../storage/s3/s3-address.ts';
import { s3Fault } from '../storage/s3/s3-fault.ts';
import { UsageError } from '../util/errors.ts';
import { newestDelivery } from './s3-inventory/inventory-folder.ts';
import { type ObjectRules, photosAmong } from './s3-objects.ts';
import type { Source } from './source.ts';

/**
 * The photos below a prefix, in the order of their keys; of the folder of an S3 Inventory those of its newest delivery.
 * @param options.at its key is the prefix: empty, or with a slash at its end
 * @throws UsageError if the bucket cannot be listed: that is seen before a run is started
 */
export async function createS3PrefixSource(options: ObjectRules): Promise<Source> {
  const { at, s3, idPattern } = options;
  const address = formatS3Address(at);
  const failing = { address, deed: 'listed', permission: 's3:ListBucket' };
  const newest = await findDelivery(options).catch((error) => {
    throw s3Fault(error, failing);
  });
  if (newest !== undefined) {
    const { manifest, delivered } = newest;
    const { createS3InventorySource } = await import('./s3-inventory/s3-inventory-source.ts');
    return {
      ...(await createS3InventorySource({ ...options, at: manifest })),
      newestIn: address,
      delivered,
    };
  }
  const base = formatS3Address({ bucket: at.bucket, key: '' });
  return {
    address,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    idsFromPaths: true,
    leavesOut: true,
    async *list({ after, signal, onLeftOut, onEnd }) {
      signal.throwIfAborted();
      const startAfter = after?.photo?.slice(base.length);
      const { longestOutageInMs } = s3;
      const pages = listPages(await s3.client(), { ...at, startAfter, longestOutageInMs, signal });
      try {
        yield* photosAmong(pages, { ...options, signal, onLeftOut });
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof KeyOrderError ? outOfOrder(address) : s3Fault(error, failing);
      }
      onEnd?.({ gaps: 0 });
    },
  };
}

/** The manifest of the newest delivery where the prefix is the folder of an inventory. */
async function findDelivery({ at, s3 }: ObjectRules) {
  const client = await s3.client();
  const asked = { bucket: at.bucket, prefix: at.key, maxKeys: 1 };
  const { objects } = await listPage(client, asked, new AbortController().signal);
  const { longestOutageInMs } = s3;
  return newestDelivery(client, { at, first: objects[0]?.key, longestOutageInMs });
}

/** A listing that is not sorted could not be continued: photos would be left out without notice. */
function outOfOrder(address: string): UsageError {
  return new UsageError(
    's3-order',
    `${address} is not listed in the order of its keys (a directory bucket?): give a manifest of its photos.`,
  );
}
