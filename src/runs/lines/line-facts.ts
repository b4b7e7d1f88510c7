import { type Status, statuses } from '../../records/report/report-line.ts';
import { parsePartLine, seqAtStart } from '../../records/report/report-part.ts';

/** What the index holds of a line. */
export interface LineFacts {
  readonly seq: number;
  readonly status: Status;
  /** The engine's code, else the kind of the error. */
  readonly code: string | undefined;
}

/** As a line is written: no text of it can hold an unescaped quote, and so none of these keys. */
const pattern =
  /"status":"([a-z]+)"(?:,"stored":"[a-z]+")?(?:,"reason":"[a-z-]+")?(,"error":)?(?:\{"kind":"[a-z]+","code":"([^"\\]*)")?/;

/** Without parsing what looks as it is written; undefined for what is no line of a photo. */
export function factsOf(text: string): LineFacts | undefined {
  const seq = seqAtStart(text);
  const found = seq !== undefined && text.endsWith('}') ? pattern.exec(text) : null;
  const [, word, error, code] = found ?? [];
  const status = statuses.find((one) => one === word);
  const isPlain = error === undefined || code !== undefined;
  if (seq !== undefined && status && isPlain) return { seq, status, code };
  const line = parsePartLine(text);
  return line && { seq: line.seq, status: line.status, code: codeOf(line) };
}

export const codeOf = ({ error }: { error?: { code?: string | undefined; kind: string } | undefined }) =>
  error?.code ?? error?.kind;
