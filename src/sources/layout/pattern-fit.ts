import { subjectKey } from '../../util/subject-id.ts';
import { textHash } from '../../util/text-hash.ts';
import { isCode, isName } from './name-shapes.ts';

/** How a way to read ids out of paths fits those that it was shown. Of many subjects some thousand stand for all. */
export interface PatternFit {
  /** Paths that it gives an id for. */
  readonly photos: number;
  readonly subjects: number;
  /** Whether every subject was counted, not a part of them. */
  readonly isExact: boolean;
  /** Subjects with more photos than one, and those of them whose photos lie in several places. */
  readonly several: number;
  readonly scattered: number;
  /** Subjects whose id is a code, and those whose other part is a name. */
  readonly codes: number;
  readonly names: number;
  /** How many other parts there are; behind the first 64 they are not counted. */
  readonly others: number;
  readonly hasMoreOthers: boolean;
  /** The other part that most photos have, and how many. */
  readonly usual: { readonly text: string; readonly photos: number };
}

const othersCounted = 64;
const mostCounted = 4096;

/**
 * Counts how one way fits, in little memory whatever the list: once there are too many subjects, half of them, by the hash
 * of their id, are counted no further (adaptive sampling, by Wegman).
 */
export function createFitTally() {
  const subjects = new Map<string, Subject>();
  const others = new Map<string, number>();
  let photos = 0;
  let mask = 0;
  let hasMoreOthers = false;

  function count(id: string, other: string, place: string): void {
    const key = subjectKey(id);
    const hash = textHash(key);
    if ((hash & mask) !== 0) return;
    const known = subjects.get(key);
    if (known) {
      known.photos += 1;
      known.isScattered ||= known.place !== place;
      return;
    }
    subjects.set(key, { hash, place, photos: 1, isNamed: isName(other), isScattered: false });
    while (subjects.size > mostCounted) {
      mask = (mask << 1) | 1;
      for (const [each, subject] of subjects) if ((subject.hash & mask) !== 0) subjects.delete(each);
    }
  }

  return {
    /**
     * @param other what of the path's end is not the id; default: nothing
     * @param place where the photo lies
     */
    add(id: string, { other = '', place = '' } = {}): void {
      photos += 1;
      count(id, other, place);
      const times = others.get(other);
      if (times !== undefined || others.size < othersCounted) others.set(other, (times ?? 0) + 1);
      else hasMoreOthers = true;
    },
    fit(): PatternFit {
      const [text = '', times = 0] = [...others].sort(([, a], [, b]) => b - a)[0] ?? [];
      const counted = [...subjects];
      const howMany = (is: (subject: Subject, id: string) => boolean) =>
        counted.filter(([id, subject]) => is(subject, id)).length * (mask + 1);
      return {
        photos,
        subjects: howMany(() => true),
        isExact: mask === 0,
        several: howMany((subject) => subject.photos > 1),
        scattered: howMany((subject) => subject.isScattered),
        codes: howMany((_, id) => isCode(id)),
        names: howMany((subject) => subject.isNamed),
        others: others.size,
        hasMoreOthers,
        usual: { text, photos: times },
      };
    },
  };
}

interface Subject {
  readonly hash: number;
  readonly place: string;
  readonly isNamed: boolean;
  photos: number;
  isScattered: boolean;
}
