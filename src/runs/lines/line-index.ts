import { type Status, statuses } from '../../records/report/report-line.ts';
import type { LineFacts } from './line-facts.ts';

/** Where a line lies: in which of a run's files, from which byte on. */
export interface LinePlace {
  readonly file: number;
  readonly offset: number;
  readonly sizeInBytes: number;
}

/** What is looked for; absent: any. */
export interface IndexFilter {
  readonly statuses?: readonly Status[] | undefined;
  readonly code?: string | undefined;
}

/** Where the line of each photo lies, its status and its code: 21 bytes a photo. */
export interface LineIndex {
  /** Photos with a line. */
  readonly count: number;
  readonly largestSeq: number;
  /** Of two lines of a photo the one of the lower rank counts, of two of one rank the first. */
  add(facts: LineFacts, place: LinePlace, rank: number): void;
  placeOf(seq: number): LinePlace | undefined;
  /** The seqs of lines that fit, ascending, from behind `after` to `upTo`; at most so many. */
  find(
    filter: IndexFilter,
    range: { readonly after: number; readonly upTo: number; readonly most: number },
  ): number[];
  /** How many photos up to a seq have a line. */
  countUpTo(seq: number): number;
}

/** No list is longer; a seq beyond it is damaged, and would ask for memory. */
const largestSeqOfAll = 100_000_000;
/** Codes beyond these have one number: their lines are looked at. */
const manyCodes = 0xffff;

export function createLineIndex(): LineIndex {
  let capacity = 4_096;
  let status = new Uint8Array(capacity);
  let code = new Uint16Array(capacity);
  let file = new Uint16Array(capacity);
  let rank = new Uint32Array(capacity);
  let size = new Uint32Array(capacity);
  let offset = new Float64Array(capacity);
  const codeNumbers = new Map<string | undefined, number>([[undefined, 0]]);
  let count = 0;
  let largestSeq = 0;

  function grow(seq: number): void {
    capacity = Math.max(capacity * 2, seq + 1);
    const grown = <Row extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
      row: Row,
      next: Row,
    ): Row => {
      next.set(row);
      return next;
    };
    status = grown(status, new Uint8Array(capacity));
    code = grown(code, new Uint16Array(capacity));
    file = grown(file, new Uint16Array(capacity));
    rank = grown(rank, new Uint32Array(capacity));
    size = grown(size, new Uint32Array(capacity));
    offset = grown(offset, new Float64Array(capacity));
  }

  function numberOf(name: string | undefined): number {
    const known = codeNumbers.get(name);
    if (known !== undefined) return known;
    if (codeNumbers.size >= manyCodes) return manyCodes;
    const number = codeNumbers.size;
    codeNumbers.set(name, number);
    return number;
  }

  return {
    get count() {
      return count;
    },
    get largestSeq() {
      return largestSeq;
    },
    add(facts, place, rankOfFile) {
      const { seq } = facts;
      if (seq > largestSeqOfAll) return;
      if (seq >= capacity) grow(seq);
      const isKnown = status[seq] !== 0;
      if (isKnown && (rank[seq] ?? 0) <= rankOfFile) return;
      if (!isKnown) count += 1;
      largestSeq = Math.max(largestSeq, seq);
      status[seq] = statuses.indexOf(facts.status) + 1;
      code[seq] = numberOf(facts.code);
      file[seq] = place.file;
      rank[seq] = rankOfFile;
      size[seq] = place.sizeInBytes;
      offset[seq] = place.offset;
    },
    placeOf(seq) {
      if (seq > largestSeq || !status[seq]) return undefined;
      return { file: file[seq] ?? 0, offset: offset[seq] ?? 0, sizeInBytes: size[seq] ?? 0 };
    },
    find(filter, { after, upTo, most }) {
      const found: number[] = [];
      const wanted = new Uint8Array(statuses.length + 1);
      for (const one of filter.statuses ?? statuses) wanted[statuses.indexOf(one) + 1] = 1;
      const number = filter.code === undefined ? undefined : (codeNumbers.get(filter.code) ?? manyCodes);
      const last = Math.min(upTo, largestSeq);
      for (let seq = after + 1; seq <= last && found.length < most; seq += 1) {
        if (wanted[status[seq] ?? 0] !== 1) continue;
        if (number === undefined || code[seq] === number || code[seq] === manyCodes) found.push(seq);
      }
      return found;
    },
    countUpTo(seq) {
      let lines = 0;
      for (let at = 1; at <= Math.min(seq, largestSeq); at += 1) if (status[at] !== 0) lines += 1;
      return lines;
    },
  };
}
