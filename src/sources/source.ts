import type { Warning } from '../util/warning.ts';
import type { LeftOut } from './left-out.ts';
import type { Delivered } from './s3-inventory/delivery-age.ts';

/**
 * One photo as a source lists it. A row that cannot be a photo is listed too, with `problem` set, so that it
 * gets its line in the report; the fields that could be read are filled in.
 */
export interface ListedPhoto {
  /** The user's own id of the person, without blanks around it. Absent only where `problem` is set. */
  readonly subjectId?: string | undefined;
  /** The id as it is written, where that is not the same. */
  readonly writtenId?: string | undefined;
  /** Absolute path, `https://…` or `s3://…`; as written where `problem` is set. Absent only where `problem` is set. */
  readonly photo?: string | undefined;
  /** Changes when the photo changes: an ETag, size and modification time, or the manifest's column. */
  readonly version?: string | undefined;
  readonly sizeInBytes?: number | undefined;
  /** The engine's id for the template, where the manifest gives one. */
  readonly templateId?: string | undefined;
  /** The manifest's other columns. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Row of the manifest, counted from 1 without the header; absent where there are no rows. */
  readonly row?: number | undefined;
  /** Where listing continues after this photo; only its own source reads it. */
  readonly cursor?: string | undefined;
  /** What is odd about the row, for the photo's report line. */
  readonly warnings?: readonly Warning[] | undefined;
  /** Why this row is no photo; names the row and the column. Kind `manifest`. Holds no secret of an address. */
  readonly problem?: string | undefined;
}

/** What a source says once it was read to its end. */
export interface ListEnd {
  /** Changes when the file or object changes that the photos were listed in; absent for a folder, a prefix and a pipe. */
  readonly version?: string | undefined;
  /** Parts that could not be read, such as a folder: nobody knows what is in them. Each has its line. */
  readonly gaps: number;
}

export interface ListOptions {
  /** The photo that was listed last: the listing goes on behind it. */
  readonly after?: ListedPhoto | undefined;
  readonly signal: AbortSignal;
  /** Gets what is left out, in its place among the photos: before the next one is given. Waited for. */
  readonly onLeftOut?: ((leftOut: LeftOut) => void | Promise<void>) | undefined;
  /** Called where nothing more is there for now: what was listed is made durable at once, since the next may be long in coming. */
  readonly onPause?: (() => void) | undefined;
  /** Called once, behind the last photo, and only where the source knows that it was read to its end. */
  readonly onEnd?: ((end: ListEnd) => void) | undefined;
}

/**
 * The room `sources`: each place where photos are listed fulfils this contract; `open-source.ts` opens the one that a
 * command names.
 *
 * Listing is streamed: memory does not grow with the archive. The same source lists the
 * same photos in the same order, so that a run can be resumed.
 */
export interface Source {
  /** Identifies the source from run to run: an absolute path or address without secrets; `-` for stdin. */
  readonly address: string;
  /** The folder of which this was the newest: another one was meant as well, if a run over it is not finished. */
  readonly newestIn?: string;
  /** How old that newest one is. */
  readonly delivered?: Delivered;
  /** What a subject that is listed again with another photo means: see "Ids and versions" in the README. */
  readonly sameSubject: 'collision' | 'repeat';
  /** Whether subjects' ids are inferred from the photos' paths; absent: they are listed. */
  readonly idsFromPaths?: boolean;
  /** Absolute path of the folder that local photos may not leave, links resolved; absent: they may lie anywhere. */
  readonly rootFolder?: string;
  /** Whether `rootFolder` holds for relative paths alone: absolute ones were meant. */
  readonly absoluteAnywhere?: true;
  /** Whether a listing may leave something out. */
  readonly leavesOut?: true;
  /**
   * Lists the photos, from the beginning or after the photo that was listed last. A listing that ends without `onEnd` is
   * not whole: nothing may be derived from it.
   * On abort it rejects with the signal's reason.
   * @throws UsageError if the source is not there, its columns are wrong, or it is cut off (exit code 2)
   * @throws FaultError if it cannot be read to its end
   */
  list(options: ListOptions): AsyncIterable<ListedPhoto>;
  /** The `version` that its listing would end with now; undefined where that cannot be said. */
  version?(signal: AbortSignal): Promise<string | undefined>;
}
