import { groupOf } from '../../conductor/what-helps.ts';
import type { Meaning, PageDeadLetter } from '../../records/page-data.ts';
import { isDeadLetter, type ReportLine } from '../../records/report/report-line.ts';
import { inertJson } from './html-report.ts';

const mostLetters = 10_000;
/** Of their JSON: the whole file stays under 5 MB. */
const roomInBytes = 4_200_000;
const longestMessageInCharacters = 300;
const longestTextInCharacters = 1_000;
/** An engine may have a code of its own for each photo. */
const mostMeanings = 1_000;

/** Takes those lines of a run that are dead letters, as many as an HTML report has room for; the rest is counted. */
export function createPageLetters() {
  const letters: PageDeadLetter[] = [];
  const meanings = new Map<string, Meaning>();
  let count = 0;
  let sizeInBytes = 0;
  let isFull = false;
  return {
    letters,
    meanings,
    /** Of all that were added. */
    get count() {
      return count;
    },
    /** None is taken any more. */
    get isFull() {
      return isFull;
    },
    add(line: ReportLine): void {
      if (!isDeadLetter(line)) return;
      count += 1;
      const { name: code, meaning: text, remedy: helps } = groupOf(line);
      if (!meanings.has(code) && meanings.size < mostMeanings) meanings.set(code, { text, helps });
      if (isFull) return;
      const letter = letterOf(line, code);
      sizeInBytes += Buffer.byteLength(inertJson(letter)) + 1;
      isFull = sizeInBytes > roomInBytes || letters.length >= mostLetters;
      if (!isFull) letters.push(letter);
    },
  };
}

function letterOf({ seq, subjectId, photo, status, match, error }: ReportLine, code: string): PageDeadLetter {
  return {
    seq,
    ...(subjectId !== undefined && { subjectId: cut(subjectId, longestTextInCharacters) }),
    ...(photo !== undefined && { photo: cut(photo, longestTextInCharacters) }),
    status,
    code,
    ...(error && { message: cut(error.message, longestMessageInCharacters) }),
    ...(match && { match }),
  };
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);
