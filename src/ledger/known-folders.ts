import { hash } from 'node:crypto';
import type { OtherFolder } from '../records/photo-job-data.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { subjectKey } from '../util/subject-id.ts';
import { readMark, writePrint } from './fingerprint.ts';
import {
  compareTimes,
  type EventTimes,
  isHeldEvent,
  type LedgerEvent,
  readTimes,
  timesOf,
  writeTimes,
} from './ledger-event.ts';

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
 * photos have one name lie in different folders. 60 bytes a subject and 20 a content, up to 94 with free places.
 */
export interface KnownFolders {
  /** Events may come in any order and more than once. */
  add(event: LedgerEvent): void;
  /** Set where the subject's id was inferred from another folder than this photo's, or perhaps was. */
  find(photo: { subjectId: string; photo: string }): OtherFolder | undefined;
}

/** What is known of events that are not added. */
export interface FoldersElsewhere {
  /** As of the newest event that the engine holds something of, or may. */
  inferred(subjectId: string): Inferred | undefined;
  /** Marks of all contents of the subject. */
  contents(subjectId: string): readonly string[];
}

export interface Inferred {
  readonly times: EventTimes;
  /** How the id arose; `older`: the event does not say. */
  readonly way: Way;
  /** Its `folderMark`. */
  readonly folder: string;
  /** For messages. */
  readonly name?: string | undefined;
}

export const ways = ['path', 'list', 'older'] as const;
export type Way = (typeof ways)[number];

/** Places behind the times. */
const how = 4;
const folderWords = 5;
const contentCount = 7;
const valueWords = 8;

const mostContents = 64;
/** Of more folders than this the name is not told. */
export const mostNames = 10_000;

export function createKnownFolders({
  idFrom,
  more,
}: {
  idFrom: string;
  more?: FoldersElsewhere | undefined;
}): KnownFolders {
  const subjects = createHashIndex({ valueWords });
  const contents = createHashIndex({ valueWords: 2 });
  const names = new Map<string, string>();
  let isEmpty = true;

  function contentsOf(subject: string): string[] {
    const count = subjects.find(subject)?.[contentCount] ?? 0;
    return Array.from({ length: count }, (_, index) => readMark(contents.find(`${subject}\n${index}`), 0));
  }

  function addContent(subject: string, sha256: string | undefined): void {
    if (sha256 === undefined) return;
    const mark = contentMark(sha256);
    const known = contentsOf(subject);
    if (known.length >= mostContents || known.includes(mark)) return;
    writePrint(contents.enter(`${subject}\n${known.length}`), 0, mark);
    subjects.enter(subject)[contentCount] = known.length + 1;
  }

  function inferredHere(subject: string): Inferred | undefined {
    const words = isEmpty ? undefined : subjects.find(subject);
    const way = ways[(words?.[how] ?? 0) - 1];
    if (!words || way === undefined) return undefined;
    const folder = readMark(words, folderWords);
    return { times: readTimes(words), way, folder, name: names.get(folder) };
  }

  return {
    add(event) {
      if (!isHeldEvent(event)) return;
      isEmpty = false;
      const subject = subjectKey(event.subjectId);
      addContent(subject, event.sha256);
      const words = subjects.enter(subject);
      const times = timesOf(event);
      if (words[how] !== 0 && compareTimes(times, readTimes(words)) <= 0) return;
      writeTimes(words, times);
      words[how] = 1 + ways.indexOf(event.idFrom ?? 'older');
      const folder = event.folder ?? folderOf(event.photo, idFrom);
      const mark = folderMark(folder);
      writePrint(words, folderWords, mark);
      if (names.size < mostNames) names.set(mark, folder);
    },
    find({ subjectId, photo }) {
      const subject = subjectKey(subjectId);
      const latest = newest(inferredHere(subject), more?.inferred(subjectId));
      if (!latest || isSameFolder(latest, folderOf(photo, idFrom))) return undefined;
      const { times, way, name } = latest;
      const marks = new Set([...(isEmpty ? [] : contentsOf(subject)), ...(more?.contents(subjectId) ?? [])]);
      return {
        contents: [...marks].slice(0, mostContents),
        at: new Date(times.at).toISOString(),
        ...(name !== undefined && { folder: name }),
        ...(way === 'older' && { isUnsure: true }),
      };
    },
  };
}

function newest(one: Inferred | undefined, other: Inferred | undefined): Inferred | undefined {
  if (!one || !other) return one ?? other;
  return compareTimes(one.times, other.times) < 0 ? other : one;
}

/** Whether a photo in a folder may be of the same subject: an id that was listed is nobody else's in any folder. */
export const isSameFolder = ({ way, folder }: Inferred, photoFolder: string): boolean =>
  way === 'list' || folder === folderMark(photoFolder);

/** 64 bits of a folder's SHA-256. */
export const folderMark = (folder: string): string => hash('sha256', folder, 'hex').slice(0, 16);
