/**
 * One photo as a source lists it. A row that cannot be a photo is listed too, with `problem` set, so that it
 * gets its line in the report; the fields that could be read are filled in.
 */
export interface ListedPhoto {
  /** The user's own id of the person, as written. Absent only where `problem` is set. */
  readonly subjectId?: string;
  /** Absolute path, `https://…` or `s3://…`. Absent only where `problem` is set. */
  readonly photo?: string;
  /** Changes when the photo changes: an ETag, size and modification time, or the manifest's column. */
  readonly version?: string;
  readonly sizeInBytes?: number;
  /** The engine's id for the template, where the manifest gives one. */
  readonly templateId?: string;
  /** The manifest's other columns. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Row of the manifest, counted from 1 without the header; absent where there are no rows. */
  readonly row?: number;
  /** Where listing goes on after this photo; only its own source reads it. Absent where `photo` says it. */
  readonly cursor?: string;
  /** Why this row is no photo; names the row and the column. Kind `manifest`. */
  readonly problem?: string;
}

/**
 * Where photos are listed. Listing is streamed: memory does not grow with the archive. The same source lists the
 * same photos in the same order, so that a run can be resumed.
 */
export interface Source {
  /** Identifies the source from run to run: an absolute path or address without secrets; `-` for stdin. */
  readonly address: string;
  /** What a subject that is listed again with another photo means: see "Ids and versions" in the README. */
  readonly sameSubject: 'collision' | 'repeat';
  /**
   * Lists the photos, from the beginning or after the photo that was listed last.
   * @throws UsageError if the source is not there or its columns are wrong (exit code 2)
   */
  list(options: { after?: ListedPhoto | undefined; signal: AbortSignal }): AsyncIterable<ListedPhoto>;
}
