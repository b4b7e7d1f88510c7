import { formatS3Address } from '../../s3/s3-address.ts';
import type { FileReader } from './file-reader.ts';
import { openObjectWriter } from './object-writer.ts';
import { segmentKey, segmentsSuffix } from './segment.ts';
import { nextSession } from './segment-appender.ts';
import type { StateObjects } from './state-objects.ts';

/**
 * Makes one object of a file's segments. First an empty segment fences whoever still writes; then the object appears,
 * whole; then the segments go, but for the fence. A death in between leaves nothing that could be read wrongly.
 */
export async function sealFile(
  { objects, reader }: { objects: StateObjects; reader: FileReader },
  key: string,
  epoch: number | undefined,
): Promise<void> {
  const { pieces, sizeInBytes, session: latest } = await reader.view(key);
  if (latest === undefined) return;
  if (pieces.some((piece) => piece.key !== key)) {
    const session = nextSession(latest, epoch, formatS3Address({ bucket: objects.bucket, key }));
    await objects.put(segmentKey(key, { offset: sizeInBytes, session, version: 0 }), Buffer.alloc(0));
    const writer = openObjectWriter(objects, key);
    try {
      for await (const bytes of reader.chunks(key, { offset: 0, end: sizeInBytes }))
        await writer.write(bytes);
      await writer.commit();
    } finally {
      await writer.discard();
    }
  }
  await removeSealed(objects, key, sizeInBytes);
}

async function removeSealed(objects: StateObjects, key: string, sizeInBytes: number): Promise<void> {
  const folder = `${key}${segmentsSuffix}/`;
  const fence = `${folder}${String(sizeInBytes).padStart(15, '0')}-`;
  for await (const page of objects.list(folder)) {
    await objects.remove(page.objects.map((object) => object.key).filter((name) => name < fence));
  }
}
