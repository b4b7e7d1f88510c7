import { createHashIndex } from '../util/hash-index.ts';

/**
 * Remembers the first and the latest seq for each text of a long list, in 25 to 32 bytes a text: subjects and templates
 * together stay below 64 bytes a photo.
 */
export interface SubjectIndex {
  get(text: string): SeqsOfText | undefined;
  /** The latest seq of the text; if it was not known, its first too. Seqs count from 1. */
  enter(text: string, seq: number): void;
  readonly sizeInBytes: number;
}

export interface SeqsOfText {
  readonly first: number;
  readonly latest: number;
}

export function createSubjectIndex(): SubjectIndex {
  const index = createHashIndex({ valueWords: 2 });
  return {
    get(text) {
      const [first = 0, latest = first] = index.find(text) ?? [];
      return first === 0 ? undefined : { first, latest };
    },
    enter(text, seq) {
      const seqs = index.enter(text);
      if (seqs[0] === 0) seqs[0] = seq;
      seqs[1] = seq;
    },
    get sizeInBytes() {
      return index.sizeInBytes;
    },
  };
}
