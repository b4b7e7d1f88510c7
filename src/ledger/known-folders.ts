import { hash } from 'node:crypto';
import type { OtherFolder } from '../records/photo-job-data.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { subjectKey } from '../util/subject-id.ts';
import { compareTimes, type LedgerEvent, readTimes, timesOf, writeTimes } from './ledger-event.ts';

/**
 * The folder that gave a photo its id: its address without what an `--id-from` pattern matched, which takes as many
 * parts of a path as it has itself. Of `/archive/a/1001.jpg` under `{id}.{ext}` it is `/archive/a`.
 */
export function folderOf(photo: string, idFrom: string): string {
  const parts = idFrom.split('/').length;
  return photo.split('/').slice(0, -parts).join('/');
}

/** What is compared of a photo's bytes: 64 bits of their SHA-256. */
export const contentMark = (sha256: string): string => sha256.slice(0, 16);

/**
 * Knows for each subject from which folder its id was last inferred, and every content that it had: two people whose
 * photos have one name lie in different folders. 60 bytes a subject and 20 a content, up to 100 with free places.
 */
export interface KnownFolders {
  /** Events may come in any order and more than once. */
  add(event: LedgerEvent): void;
  /** Set where the subject's id was inferred from another folder than this photo's, or perhaps was. */
  find(photo: { subjectId: string; photo: string }): OtherFolder | undefined;
}

/** Places behind the times. */
const how = 4;
const folderWords = 5;
const contentCount = 7;
const valueWords = 8;

/** How an id arose, as of the newest event; `older`: the event does not say. */
const ways = { path: 1, list: 2, older: 3 } as const;

const mostContents = 64;
const mostNames = 10_000;

export function createKnownFolders({ idFrom }: { idFrom: string }): KnownFolders {
  const subjects = createHashIndex({ valueWords });
  const contents = createHashIndex({ valueWords: 2 });
  /** For messages; of more folders than this the name is not told. */
  const names = new Map<string, string>();

  function contentsOf(subject: string, words: Uint32Array): string[] {
    const count = words[contentCount] ?? 0;
    return Array.from({ length: count }, (_, index) => readMark(contents.find(`${subject}\n${index}`)));
  }

  function addContent(subject: string, words: Uint32Array, sha256: string | undefined): void {
    const count = words[contentCount] ?? 0;
    if (sha256 === undefined || count >= mostContents) return;
    const mark = contentMark(sha256);
    if (contentsOf(subject, words).includes(mark)) return;
    writeMark(contents.enter(`${subject}\n${count}`), 0, mark);
    words[contentCount] = count + 1;
  }

  return {
    add(event) {
      if (!isHeld(event)) return;
      const subject = subjectKey(event.subjectId);
      const words = subjects.enter(subject);
      addContent(subject, words, event.sha256);
      const times = timesOf(event);
      if (words[how] !== 0 && compareTimes(times, readTimes(words)) <= 0) return;
      writeTimes(words, times);
      words[how] = ways[event.idFrom ?? 'older'];
      const folder = event.folder ?? folderOf(event.photo, idFrom);
      const mark = markOf(folder);
      writeMark(words, folderWords, mark);
      if (names.size < mostNames) names.set(mark, folder);
    },
    find({ subjectId, photo }) {
      const subject = subjectKey(subjectId);
      const words = subjects.find(subject);
      if (!words || words[how] === ways.list) return undefined;
      const mark = readMark(words, folderWords);
      if (mark === markOf(folderOf(photo, idFrom))) return undefined;
      const name = names.get(mark);
      return {
        contents: contentsOf(subject, words),
        at: new Date(readTimes(words).at).toISOString(),
        ...(name !== undefined && { folder: name }),
        ...(words[how] === ways.older && { isUnsure: true }),
      };
    },
  };
}

/** Whether the engine holds something of it, or may. */
const isHeld = ({ kind, stored }: LedgerEvent) =>
  kind === 'enrolled' || kind === 'unclear' || (kind === 'rejected' && stored !== 'no');

const markOf = (folder: string) => hash('sha256', folder, 'hex').slice(0, 16);

function readMark(words: Uint32Array | undefined, place = 0): string {
  const hexOf = (word = 0) => word.toString(16).padStart(8, '0');
  return hexOf(words?.[place]) + hexOf(words?.[place + 1]);
}

function writeMark(words: Uint32Array, place: number, mark: string): void {
  words[place] = Number.parseInt(mark.slice(0, 8), 16);
  words[place + 1] = Number.parseInt(mark.slice(8, 16), 16);
}
