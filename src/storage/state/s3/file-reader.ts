import { setTimeout as delay } from 'node:timers/promises';
import { FaultError } from '../../../util/errors.ts';
import { formatS3Address } from '../../s3/s3-address.ts';
import { type FileView, viewFile } from './file-view.ts';
import { parseSegment } from './segment.ts';
import type { StateObjects } from './state-objects.ts';

const chunkSizeInBytes = 1024 * 1024;
/** A view that is a little older is good enough for a place in the file that it shows: what is written stays. */
const longestViewInMs = 5_000;
const largestMemory = 100;
/** Before the next look where a listing shows an object that cannot be read: the store's own views do not agree yet. */
const pausesInMs = [0, 100, 500, 2_000, 5_000];

/** Reads files that consist of several objects, which may become one while they are read. */
export interface FileReader {
  /** As a listing shows the file now. */
  view(key: string): Promise<FileView>;
  /** What this process knows of a file that it appends to itself. Undefined: it does no more. */
  know(key: string, view: FileView | undefined): void;
  /** Bytes from one place to another, or to the end that the file has when reading begins. */
  chunks(key: string, range: { offset: number; end: number }): AsyncGenerator<Buffer>;
}

export function createFileReader(objects: StateObjects): FileReader {
  const own = new Map<string, FileView>();
  const seen = new Map<string, { view: FileView; at: number }>();

  async function view(key: string): Promise<FileView> {
    const segments = [];
    let whole: { key: string; offset: number; sizeInBytes: number } | undefined;
    for await (const page of objects.list(key)) {
      for (const object of page.objects) {
        if (object.key === key) whole = { ...object, offset: 0 };
        const segment = parseSegment(key, object);
        if (segment) segments.push(segment);
      }
    }
    const found = viewFile(whole, segments);
    seen.delete(key);
    seen.set(key, { view: found, at: performance.now() });
    for (const oldest of seen.keys()) {
      if (seen.size <= largestMemory) break;
      seen.delete(oldest);
    }
    return found;
  }

  /** A view that shows the file up to `end`, a new one only if need be. */
  async function viewUpTo(key: string, end: number): Promise<FileView> {
    const known = own.get(key);
    if (known) return known;
    const recent = seen.get(key);
    const isGood =
      recent && recent.view.sizeInBytes >= end && performance.now() - recent.at < longestViewInMs;
    return isGood ? recent.view : view(key);
  }

  async function* chunks(key: string, range: { offset: number; end: number }): AsyncGenerator<Buffer> {
    let current = await viewUpTo(key, range.end);
    const end = Math.min(range.end, current.sizeInBytes);
    let position = range.offset;
    let missing = 0;
    while (position < end) {
      const piece = current.pieces.find(
        ({ offset, sizeInBytes }) => offset <= position && position < offset + sizeInBytes,
      );
      const pieceEnd = piece ? Math.min(end, piece.offset + piece.sizeInBytes) : 0;
      const bytes =
        piece &&
        (await objects.get(piece.key, {
          offset: position - piece.offset,
          sizeInBytes: Math.min(chunkSizeInBytes, pieceEnd - position),
        }));
      if (bytes && bytes.length > 0) {
        yield bytes;
        position += bytes.length;
        missing = 0;
        continue;
      }
      // It was sealed or removed meanwhile, or its segments were rewritten. No error to repeat: another view is taken.
      const pauseInMs = pausesInMs[missing];
      if (pauseInMs === undefined) throw unreadable(objects.bucket, key, position);
      missing += 1;
      await delay(pauseInMs);
      current = await view(key);
      if (current.sizeInBytes <= position) return;
    }
  }

  return {
    view,
    know(key, known) {
      if (known) own.set(key, known);
      else own.delete(key);
    },
    chunks,
  };
}

function unreadable(bucket: string, key: string, position: number): FaultError {
  const address = formatS3Address({ bucket, key });
  return new FaultError('state', `${address} cannot be read at byte ${position}: objects of it are missing.`);
}
