/**
 * Where the files of runs are kept, on a disk (`local-state-store.ts`) or on S3 (`s3/s3-state-store.ts`); the way of this
 * folder begins in `openState`. Paths are relative, with `/`. What was written is durable when the promise
 * resolves: a machine that loses power afterwards still has it.
 */
export interface StateStore {
  readonly kind: 'local' | 's3';
  /** A file that changes all the time is written no more often than this: on S3 each write is a request. Local: 0. */
  readonly writeEveryInMs: number;
  /**
   * Which state this is: the same text for every process that uses it, whatever path it is mounted at, and another for
   * every other state. Local: a random id kept in the folder; S3: endpoint, bucket and prefix.
   */
  identity(): Promise<string>;
  /** For people: an absolute path or an address. */
  readonly address: string;
  /** Absolute path or address of one file, for messages. */
  locate(path: string): string;
  /** A small file that is written whole; undefined if there is none. */
  read(path: string): Promise<Buffer | undefined>;
  /** Bytes from `offset`; fewer if the file ends before. */
  readRange(path: string, range: { offset: number; sizeInBytes: number }): Promise<Buffer>;
  /** Whole or not at all: a reader sees the old content or the new one. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /**
   * As `write`, but only where there is no such file; false: there is one. Of several at once one is first. On an S3 store
   * without conditional writes the last of several at once may win: what depends on being the only one needs more.
   */
  create(path: string, content: string): Promise<boolean>;
  /** A large file, whole or not at all: it appears under its name with `commit`. */
  openWriter(path: string): Promise<StateWriter>;
  /**
   * Goes on at the end of a file of lines; a torn last line is cut off first. `epoch`: the conductor's. On S3 an
   * appender of a later epoch fences those of earlier ones: what they still write does not count.
   */
  openAppender(path: string, options?: { epoch?: number }): Promise<StateAppender>;
  /**
   * What other processes have written to a file by now is durable when this resolves: to be awaited before anything is
   * made of it that must not be there without it. A file that is not there is no error. S3: it is durable anyway.
   */
  sync(path: string): Promise<void>;
  /** The file will not grow any more: on S3 its segments become one object. Harmless when done again. */
  seal(path: string, options?: { epoch?: number }): Promise<void>;
  /** Lines in batches. */
  readLines(path: string, options?: ReadLinesOptions): AsyncIterable<StateLine[]>;
  list(folder: string): Promise<StateEntry[]>;
  /** Size in bytes, or undefined if there is no such file. */
  size(path: string): Promise<number | undefined>;
  remove(path: string): Promise<void>;
  /** Files of bytes that are read here and there; absent where each look is a request (S3). */
  readonly bytes?: ByteFiles;
}

export interface ReadLinesOptions {
  /** In bytes; a line begins there. */
  readonly offset?: number;
  readonly end?: number;
  /**
   * Whether a last line without a newline is shown; else it is left out. Where a file grows it may be half of what is being
   * written; of one that appeared whole it is all that is left of its end.
   */
  readonly torn?: boolean;
}

export interface ByteFiles {
  /** Undefined if there is no such file. Who has it open goes on reading what it opened, whatever becomes of the name. */
  open(path: string): Promise<ByteFile | undefined>;
  /** As `openWriter`. */
  openWriter(path: string): Promise<ByteWriter>;
  /** A file without a name beside others, for what is too much for memory: gone with the process. */
  openScratch(folder: string): Promise<ScratchFile>;
  /** Puts bytes in place of others, durable when it resolves; nothing where there is no such file (any more). */
  overwrite(path: string, patches: readonly BytePatch[]): Promise<void>;
}

export interface BytePatch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface ByteFile {
  readonly sizeInBytes: number;
  /** Fills `into` from a place of the file. @returns the bytes read: fewer where the file ends before */
  read(into: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

export interface ByteWriter extends Pick<StateWriter, 'commit' | 'discard'> {
  write(bytes: Uint8Array): Promise<void>;
}

export interface ScratchFile extends ByteFile {
  append(bytes: Uint8Array): Promise<void>;
}

export interface StateLine {
  /** Without its newline. */
  readonly text: string;
  readonly offset: number;
  /** With its newline, if it has one. */
  readonly sizeInBytes: number;
}

export interface StateEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly sizeInBytes: number;
}

export interface StateAppender {
  /** Size of the file, all of it durable, after the last append that resolved. */
  readonly sizeInBytes: number;
  /** Resolves when the text is durable. Appends are made in the order of the calls. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface StateWriter {
  write(text: string): Promise<void>;
  commit(): Promise<void>;
  /** Leaves no trace; harmless after `commit`. */
  discard(): Promise<void>;
}
