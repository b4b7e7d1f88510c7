import { createHashIndex } from '../../util/hash-index.ts';
import { subjectKey } from '../../util/subject-id.ts';
import { textHash } from '../../util/text-hash.ts';
import type { ListedPhoto } from '../source.ts';

/** Ids that differ only in upper and lower case: they are different subjects, and perhaps one person. */
export interface CaseOnly {
  /** Photos whose id differs so from the first of its kind. */
  readonly photos: number;
  /** The first of them, and the place in the list of the one that it differs from. */
  readonly subjectId: string;
  readonly seq: number;
  readonly firstSeq: number;
}

/** Looks for such ids in a list; 20 bytes an id, 22 to 24 with free places. */
export function createCaseTally() {
  const index = createHashIndex({ valueWords: 2 });
  let photos = 0;
  let first: Omit<CaseOnly, 'photos'> | undefined;
  return {
    add({ subjectId, problem }: ListedPhoto, seq: number): void {
      if (subjectId === undefined || problem !== undefined) return;
      const id = subjectKey(subjectId);
      const words = index.enter(id.toLowerCase());
      const hash = textHash(id);
      if (words[1] === 0) [words[0], words[1]] = [hash, seq];
      if (words[0] === hash) return;
      photos += 1;
      first ??= { subjectId, seq, firstSeq: words[1] ?? 0 };
    },
    found: (): CaseOnly | undefined => first && { photos, ...first },
  };
}
