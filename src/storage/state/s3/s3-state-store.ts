import type { S3 } from '@aws-sdk/client-s3';
import { FaultError } from '../../../util/errors.ts';
import { formatS3Address, type S3Address } from '../../s3/s3-address.ts';
import { linesOf } from '../lines-of.ts';
import type { StateEntry, StateStore } from '../state-store.ts';
import { createFileReader, type FileReader } from './file-reader.ts';
import { openObjectWriter } from './object-writer.ts';
import { segmentKey, segmentsSuffix } from './segment.ts';
import { nextSession, openSegmentAppender } from './segment-appender.ts';
import { createStateObjects, type StateObjects } from './state-objects.ts';

const writeEveryInMs = 1_000;

/**
 * State below a prefix of a bucket. Needs a store in which an object that was written is read and listed at once, as S3
 * does; no conditional writes. Files that grow are kept in segments (`segment.ts`).
 */
export function createS3StateStore(options: {
  client: () => Promise<S3>;
  address: S3Address;
  /** Where the store is, if it is not AWS. */
  endpoint?: string | undefined;
}): StateStore {
  const { client, address, endpoint } = options;
  const prefix = address.key.replace(/\/+$/, '');
  const root = prefix === '' ? '' : `${prefix}/`;
  const keyOf = (path: string) => `${root}${path}`;
  const locate = (path: string) => formatS3Address({ bucket: address.bucket, key: keyOf(path) });
  const objects = createStateObjects(client, address.bucket);
  const reader = createFileReader(objects);
  const context = { objects, reader };

  async function list(folder: string): Promise<StateEntry[]> {
    const start = folder === '' ? root : `${keyOf(folder)}/`;
    const entries = new Map<string, StateEntry>();
    const grown: string[] = [];
    for await (const page of objects.list(start, { folders: true })) {
      for (const { key, sizeInBytes } of page.objects) {
        const name = key.slice(start.length);
        if (name !== '') entries.set(name, { name, isFolder: false, sizeInBytes });
      }
      for (const key of page.folders) {
        const name = key.slice(start.length, -1);
        if (name.endsWith(segmentsSuffix)) grown.push(name.slice(0, -segmentsSuffix.length));
        else entries.set(name, { name, isFolder: true, sizeInBytes: 0 });
      }
    }
    for (const name of grown) {
      const { exists, sizeInBytes } = await reader.view(`${start}${name}`);
      if (exists) entries.set(name, { name, isFolder: false, sizeInBytes });
    }
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function readRange(path: string, range: { offset: number; sizeInBytes: number }): Promise<Buffer> {
    const end = range.offset + range.sizeInBytes;
    const chunks: Buffer[] = [];
    for await (const bytes of reader.chunks(keyOf(path), { offset: range.offset, end })) chunks.push(bytes);
    if (chunks.length > 0 || (await reader.view(keyOf(path))).exists) return Buffer.concat(chunks);
    throw new FaultError('state', `${locate(path)} is not there.`);
  }

  async function remove(path: string): Promise<void> {
    const key = keyOf(path);
    await objects.remove([key]);
    for (const folder of [`${key}/`, `${key}${segmentsSuffix}/`]) {
      for await (const page of objects.list(folder))
        await objects.remove(page.objects.map((object) => object.key));
    }
  }

  return {
    kind: 's3',
    writeEveryInMs,
    identity: async () => `${shortEndpoint(endpoint)}/${address.bucket}/${prefix}`,
    address: formatS3Address({ bucket: address.bucket, key: prefix }),
    locate,
    read: (path) => objects.get(keyOf(path)),
    readRange,
    write: (path, content) => objects.put(keyOf(path), Buffer.from(content)),
    create: (path, content) => objects.putIfAbsent(keyOf(path), Buffer.from(content)),
    openWriter: async (path) => openObjectWriter(objects, keyOf(path)),
    openAppender: (path, { epoch } = {}) => openSegmentAppender(context, keyOf(path), epoch),
    sync: async () => {},
    seal: (path, { epoch } = {}) => sealFile(context, keyOf(path), epoch),
    readLines: (path, { offset = 0, end = Number.POSITIVE_INFINITY, torn } = {}) =>
      linesOf(reader.chunks(keyOf(path), { offset, end }), { offset, torn }),
    list,
    async size(path) {
      const { exists, sizeInBytes } = await reader.view(keyOf(path));
      return exists ? sizeInBytes : undefined;
    },
    remove,
  };
}

/** Host and path; AWS's own has none: names of buckets are the same everywhere. */
function shortEndpoint(endpoint: string | undefined): string {
  if (!endpoint) return 's3:';
  const { host, pathname } = new URL(endpoint);
  return `s3:${host}${pathname.replace(/\/$/, '')}`;
}

/**
 * Makes one object of a file's segments. First an empty segment fences every process that still writes; then the object appears,
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
