import { randomBytes } from 'node:crypto';
import { FaultError } from '../../../util/errors.ts';
import { formatS3Address } from '../../s3/s3-address.ts';
import type { StateAppender } from '../state-store.ts';
import type { FileReader } from './file-reader.ts';
import type { FileView, Piece } from './file-view.ts';
import { type Session, segmentKey } from './segment.ts';
import type { StateObjects } from './state-objects.ts';

/** Each append rewrites its segment: half of this on average, besides what is new. */
const fullInBytes = 256 * 1024;
/** Earlier forms of a segment are removed together, when it is full or there are so many. */
const mostVersions = 50;

/**
 * Goes on behind what a listing shows, in a session of its own that fences all earlier ones. After an append that
 * failed all later ones fail too: what it left behind is passed over once the file is opened again.
 * @throws FaultError if a conductor of a later epoch has opened the file
 */
export async function openSegmentAppender(
  context: { objects: StateObjects; reader: FileReader },
  key: string,
  epoch: number | undefined,
): Promise<StateAppender> {
  const { objects, reader } = context;
  const found = await reader.view(key);
  const session = nextSession(found.session, epoch, formatS3Address({ bucket: objects.bucket, key }));
  let view: FileView = { ...found, exists: true, session };
  const nameOf = (offset: number, version: number) => segmentKey(key, { offset, session, version });
  const fence = nameOf(view.sizeInBytes, 0);
  let segment: OpenSegment = { offset: view.sizeInBytes, content: Buffer.alloc(0), version: 0, key: fence };
  let superseded: string[] = [];
  let last: Promise<void> = Promise.resolve();

  await objects.put(fence, Buffer.alloc(0));
  reader.know(key, view);

  async function append(text: string): Promise<void> {
    const before: OpenSegment =
      segment.content.length < fullInBytes
        ? segment
        : { offset: view.sizeInBytes, content: Buffer.alloc(0), version: 0, key: undefined };
    const { offset } = before;
    const content = Buffer.concat([before.content, Buffer.from(text)]);
    const version = before.version + 1;
    const name = nameOf(offset, version);
    await objects.put(name, content);
    segment = { offset, content, version, key: name };
    const piece = { key: name, offset, sizeInBytes: content.length };
    view = { ...view, pieces: withPiece(view.pieces, piece), sizeInBytes: offset + content.length };
    reader.know(key, view);
    if (before.key !== undefined) superseded.push(before.key);
    if (content.length >= fullInBytes || superseded.length >= mostVersions) await removeSuperseded();
  }

  /** No longer of use, and harmless: a listing takes the newest. */
  async function removeSuperseded(): Promise<void> {
    const keys = superseded;
    superseded = [];
    await objects.remove(keys).catch(() => {});
  }

  return {
    get sizeInBytes() {
      return view.sizeInBytes;
    },
    append(text) {
      last = last.then(() => (text === '' ? undefined : append(text)));
      return last;
    },
    async close() {
      await last.catch(() => {});
      await removeSuperseded();
      reader.know(key, undefined);
    },
  };
}

interface OpenSegment {
  readonly offset: number;
  readonly content: Buffer;
  readonly version: number;
  /** Of the object that holds it now. */
  readonly key: string | undefined;
}

/** A segment that was rewritten replaces its earlier form. */
function withPiece(pieces: readonly Piece[], piece: Piece): Piece[] {
  const before = pieces.at(-1)?.offset === piece.offset ? pieces.slice(0, -1) : pieces;
  return [...before, piece];
}

export function nextSession(
  latest: Session | undefined,
  epoch: number | undefined,
  address: string,
): Session {
  const tag = randomBytes(2).toString('hex');
  if (!latest) return { epoch: epoch ?? 0, number: 1, tag };
  if (epoch !== undefined && epoch < latest.epoch) {
    throw new FaultError('state', `${address} is written by a later conductor of its run.`);
  }
  if (epoch === undefined || epoch === latest.epoch)
    return { epoch: latest.epoch, number: latest.number + 1, tag };
  return { epoch, number: 1, tag };
}
