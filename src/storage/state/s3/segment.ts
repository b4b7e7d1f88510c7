/**
 * Nothing can be appended to an object. A file that grows is kept in segments below `<file>.segments/`; each append
 * writes the newest one whole, under another name, so that no object ever changes. A name says where the segment
 * begins, which opening of the file wrote it, and how often it was written.
 */
export interface Segment {
  readonly key: string;
  readonly offset: number;
  readonly session: Session;
  /** Of one offset and session the highest version holds all that the lower ones hold. Version 0 is empty. */
  readonly version: number;
  readonly sizeInBytes: number;
}

/** One opening of a file, of one process. Later ones have a higher epoch, or the same and a higher number. */
export interface Session {
  readonly epoch: number;
  readonly number: number;
  /** Two that were opened at once without an epoch must not write the same objects. */
  readonly tag: string;
}

export const segmentsSuffix = '.segments';

const pattern = /^(\d{15})-(\d{8})-(\d{6})-([0-9a-f]{4})-(\d{6})$/;

export function segmentKey(
  fileKey: string,
  { offset, session, version }: Pick<Segment, 'offset' | 'session' | 'version'>,
): string {
  const { epoch, number, tag } = session;
  const name = [digits(offset, 15), digits(epoch, 8), digits(number, 6), tag, digits(version, 6)].join('-');
  return `${fileKey}${segmentsSuffix}/${name}`;
}

/** Undefined for an object that is no segment of the file. */
export function parseSegment(
  fileKey: string,
  object: { key: string; sizeInBytes: number },
): Segment | undefined {
  const folder = `${fileKey}${segmentsSuffix}/`;
  if (!object.key.startsWith(folder)) return undefined;
  const [, offset, epoch, number, tag = '', version] = pattern.exec(object.key.slice(folder.length)) ?? [];
  if (offset === undefined) return undefined;
  return {
    ...object,
    offset: Number(offset),
    session: { epoch: Number(epoch), number: Number(number), tag },
    version: Number(version),
  };
}

/** Below 0 if `one` is the earlier. */
export function compareSessions(one: Session, other: Session): number {
  if (one.epoch !== other.epoch) return one.epoch - other.epoch;
  if (one.number !== other.number) return one.number - other.number;
  return one.tag < other.tag ? -1 : one.tag > other.tag ? 1 : 0;
}

const digits = (value: number, length: number) => String(value).padStart(length, '0');
