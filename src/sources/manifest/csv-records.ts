import { finished } from 'node:stream';
import { Parser } from 'csv-parse';
import { maxRowSizeInBytes } from './bounded-lines.ts';
import type { ManifestBytes } from './manifest-bytes.ts';

/** A record of a CSV manifest between two byte offsets; `broken` says why it could not be parsed. */
export type CsvRecord = { readonly start: number; readonly end: number } & (
  | { readonly fields: readonly string[] }
  /** `isOpen`: a quote of it is not closed up to the end of the file. `isCut`: rows are missing that should be there. */
  | { readonly broken: string; readonly isOpen?: boolean; readonly isCut?: true }
);

export interface CsvForm {
  /** What keeps fields apart. */
  readonly delimiter: string;
  /** Blanks around fields are not part of them: they stand before quotes (`"a", "b"`), which means nothing else. */
  readonly trim: boolean;
}

/** Parsed at one go: some hundred rows, a millisecond. */
const chunkSizeInBytes = 16 * 1024;

/**
 * Parses a CSV manifest from an offset where a record begins. A record that cannot be parsed (a stray quote, a quote that
 * is never closed, too many bytes) is given as broken, and parsing continues with the line after the one it begins in:
 * one wrong quote costs one row, not the rest of the file. The same holds for a record over several lines whose number
 * of fields is not `fieldCount`, which is what a lost quote looks like. An empty line is a record with one empty field.
 */
export async function* readCsvRecords(options: CsvReading & { offset: number }): AsyncGenerator<CsvRecord> {
  for await (const batch of readCsvBatches(options)) yield* batch;
}

/** The same, as many records at a time as one chunk of the file gives: for long lists. */
export async function* readCsvBatches({
  offset,
  ...options
}: CsvReading & { offset: number }): AsyncGenerator<readonly CsvRecord[]> {
  let place: number | undefined = offset;
  while (place !== undefined) place = yield* readUntilBroken({ ...options, offset: place });
}

interface CsvReading {
  readonly bytes: Pick<ManifestBytes, 'read'>;
  readonly fieldCount?: number;
  /** Default: commas, and blanks around fields are part of them. */
  readonly dialect?: CsvForm;
  readonly signal: AbortSignal;
}

/** Parses up to a broken record, and returns the offset after it; undefined at the end of the file. */
async function* readUntilBroken({
  bytes,
  offset,
  fieldCount,
  dialect = { delimiter: ',', trim: false },
  signal,
}: CsvReading & { offset: number }): AsyncGenerator<readonly CsvRecord[], number | undefined> {
  const feed = createFeed(dialect);
  let start = offset;
  let position = offset;
  for (let isEnd = false; !isEnd; ) {
    signal.throwIfAborted();
    const chunk = await bytes.read(position, chunkSizeInBytes);
    position += chunk.length;
    isEnd = chunk.length === 0;
    const { records, error } = await feed(isEnd ? undefined : chunk);
    let broken = error;
    const batch: CsvRecord[] = [];
    for (const { fields, sizeInBytes } of records) {
      const end = offset + sizeInBytes;
      if (isTornOverLines(fields, fieldCount)) {
        broken = `has ${fields.length} fields over several lines; a quote seems to be missing`;
        break;
      }
      batch.push({ start, end, fields });
      start = end;
    }
    if (broken === undefined && position - start > maxRowSizeInBytes + chunkSizeInBytes) broken = tooLong;
    if (broken === undefined) {
      if (batch.length > 0) yield batch;
      continue;
    }
    const end = await findLineStart(bytes, start);
    yield [...batch, { start, end, broken, isOpen: broken === neverClosed }];
    return end;
  }
  return undefined;
}

const neverClosed = 'opens a quote that is never closed';
const tooLong = 'is longer than 1 MiB; is a quote missing?';

function isTornOverLines(fields: readonly string[], fieldCount: number | undefined): boolean {
  return (
    fieldCount !== undefined && fields.length !== fieldCount && fields.some((field) => /[\r\n]/u.test(field))
  );
}

interface Fed {
  readonly records: readonly { readonly fields: readonly string[]; readonly sizeInBytes: number }[];
  readonly error: string | undefined;
}

/** A parser that gives its records with each chunk, so that none is lost when a later one is broken. */
function createFeed(form: CsvForm): (chunk: Buffer | undefined) => Promise<Fed> {
  const parser = new RecordParser(form);
  parser.on('error', () => undefined); // reported by the callbacks below
  return async (chunk) => {
    const error = await (chunk === undefined ? endParser(parser) : writeToParser(parser, chunk));
    return { records: parser.taken(), error: error === undefined ? undefined : explain(error) };
  };
}

/**
 * Takes each record where the parser gives it to its stream, together with the place where it ends. The parser's own
 * `on_record` tells that too, with so much else that it takes as long as the parsing.
 */
class RecordParser extends Parser {
  #records: Fed['records'][number][] = [];

  constructor({ delimiter, trim }: CsvForm) {
    super({
      delimiter,
      trim,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      max_record_size: maxRowSizeInBytes,
    });
  }

  override push(fields: string[] | null): boolean {
    if (fields === null) return super.push(null);
    this.#records.push({ fields, sizeInBytes: this.info.bytes });
    return true;
  }

  taken(): Fed['records'] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}

function writeToParser(parser: Parser, chunk: Buffer): Promise<Error | undefined> {
  return new Promise((resolve) => {
    parser.write(chunk, (error) => resolve(error ?? undefined));
  });
}

function endParser(parser: Parser): Promise<Error | undefined> {
  return new Promise((resolve) => {
    finished(parser, (error) => resolve(error ?? undefined));
    parser.resume();
    parser.end();
  });
}

function explain(error: Error & { code?: string }): string {
  switch (error.code) {
    case 'CSV_MAX_RECORD_SIZE':
      return tooLong;
    case 'CSV_QUOTE_NOT_CLOSED':
      return neverClosed;
    default:
      return 'has a quote in the wrong place; a field with quotes in it is written "like ""this"""';
  }
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Where the line after the one at `offset` begins (line ends right at `offset` are skipped), or the manifest ends. */
async function findLineStart(bytes: CsvReading['bytes'], offset: number): Promise<number> {
  let isInLine = false;
  let isAfterReturn = false;
  for (let position = offset; ; ) {
    const chunk = await bytes.read(position, chunkSizeInBytes);
    if (chunk.length === 0) return position;
    for (const [index, byte] of chunk.entries()) {
      if (isAfterReturn) return position + index + (byte === lineFeed ? 1 : 0);
      if (byte !== lineFeed && byte !== carriageReturn) isInLine = true;
      else if (isInLine && byte === lineFeed) return position + index + 1;
      else if (isInLine) isAfterReturn = true;
    }
    position += chunk.length;
  }
}
