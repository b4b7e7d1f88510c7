import { compareSessions, type Segment, type Session } from './segment.ts';

/** A file as its objects show it. */
export interface FileView {
  readonly exists: boolean;
  readonly sizeInBytes: number;
  /** What the file consists of, without a gap. */
  readonly pieces: readonly Piece[];
  /** The latest opening, if it was ever opened for appending. */
  readonly session: Session | undefined;
}

/** The beginning of an object, at its place in the file. */
export interface Piece {
  readonly key: string;
  readonly offset: number;
  readonly sizeInBytes: number;
}

/**
 * The file that an object and segments make up. A session covers everything from its first offset on: what earlier ones
 * have there, because they were frozen in the midst of a write, does not count. An object under the file's own name
 * holds its beginning: all of it, once it was sealed.
 */
export function viewFile(whole: Piece | undefined, segments: readonly Segment[]): FileView {
  const newest = newestVersions(segments);
  const sessions = sessionsOf(newest);
  const endOf = (segment: Segment) =>
    Math.min(segment.offset + segment.sizeInBytes, limitOf(segment.session, sessions));
  const pieces: Piece[] = whole ? [whole] : [];
  let sizeInBytes = whole?.sizeInBytes ?? 0;
  for (const segment of newest.sort((a, b) => a.offset - b.offset)) {
    const end = endOf(segment);
    if (segment.offset !== sizeInBytes || end <= segment.offset) continue;
    pieces.push({ key: segment.key, offset: segment.offset, sizeInBytes: end - segment.offset });
    sizeInBytes = end;
  }
  return {
    exists: whole !== undefined || segments.length > 0,
    sizeInBytes,
    pieces,
    session: sessions.at(-1)?.session,
  };
}

function newestVersions(segments: readonly Segment[]): Segment[] {
  const newest = new Map<string, Segment>();
  for (const segment of segments) {
    const { epoch, number, tag } = segment.session;
    const name = `${segment.offset}-${epoch}-${number}-${tag}`;
    if (segment.version >= (newest.get(name)?.version ?? 0)) newest.set(name, segment);
  }
  return [...newest.values()];
}

interface Begun {
  readonly session: Session;
  readonly firstOffset: number;
}

/** The sessions in order, each with where it began. */
function sessionsOf(segments: readonly Segment[]): Begun[] {
  const begun: { session: Session; firstOffset: number }[] = [];
  const sorted = [...segments].sort((a, b) => compareSessions(a.session, b.session));
  for (const { session, offset } of sorted) {
    const last = begun.at(-1);
    if (last && compareSessions(last.session, session) === 0)
      last.firstOffset = Math.min(last.firstOffset, offset);
    else begun.push({ session, firstOffset: offset });
  }
  return begun;
}

/** Where the first later session began. */
function limitOf(session: Session, sessions: readonly Begun[]): number {
  const later = sessions.filter((other) => compareSessions(other.session, session) > 0);
  return Math.min(Number.POSITIVE_INFINITY, ...later.map(({ firstOffset }) => firstOffset));
}
