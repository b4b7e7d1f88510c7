import { hash } from 'node:crypto';
import { subjectKey } from '../../util/subject-id.ts';
import { templateKey } from '../../util/template-id.ts';
import { printsOf, readMark, readPrint, writePrint } from '../fingerprint.ts';

import { contentMark, folderMark, folderOf, type Way, ways } from '../known-folders.ts';
import { subjectMark } from '../known-templates.ts';
import {
  type EventTimes,
  isHeldEvent,
  isStoredEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  timesOf,
} from '../ledger-event.ts';

/**
 * An entry of the snapshot stands for one line of the ledger: 19 words of 32 bits, hashes, times and numbers, no text.
 * The head is what photos are known by; the tail is read only where folders or places are asked for. Of some lines there
 * is another one, by the template (`writeTemplateEntry`).
 */
export type Entry = Uint32Array;

export const headWords = 13;
export const tailWords = 6;
export const entryWords = headWords + tailWords;

/** The first five words: entries are sorted by them. */
export const keyWords = 5;
const places = {
  photo: 3,
  atLow: 5,
  seenLow: 6,
  timesHigh: 7,
  listed: 8,
  content: 10,
  /** Of a template's entry, which has no fingerprints: the line's offset. */
  templateOffset: 8,
  /** 12 bits of file, 12 of detail, 8 of flags. */
  numbers: 12,
  contentMark: 13,
  folderMark: 15,
  offsetLow: 17,
  /** 16 bits of source, 16 of the offset. */
  source: 18,
} as const;

/** Who has more of them does without a snapshot. */
export const most = { files: 2 ** 12, details: 2 ** 12, sources: 2 ** 16 } as const;

/** Those of newer versions say nothing here: 0. */
const kinds = { enrolled: 1, rejected: 2, unclear: 3 } as const;
const kindBits = 3;
const heldBit = 4;
const storedBit = 8;
const contentBit = 16;
const wayShift = 5;
const blanksBit = 128;

/** What an entry says of its event in numbers, which the table explains. */
export interface EntryNumbers {
  readonly file: number;
  /** Of an enrolled photo the checks that were required, of a rejected one the check that was not fine. */
  readonly detail: number;
  readonly source: number;
  readonly offset: number;
}

/** @param idFrom the pattern by which the folder of an event that does not say it is found */
export function writeEntry(
  into: Entry,
  event: LedgerEvent,
  { file, detail, source, offset, idFrom }: EntryNumbers & { readonly idFrom: string },
): void {
  into.set(subjectHash(event.subjectId), 0);
  into.set(photoHash(event.photo), places.photo);
  writeTimesOf(into, event);
  const { listed, content } = printsOf(event);
  writePrint(into, places.listed, listed);
  writePrint(into, places.content, content);
  into[places.numbers] = file * 2 ** 20 + detail * 2 ** 8 + flagsOf(event);
  writePrint(into, places.contentMark, contentMark(event.sha256 ?? ''));
  // An id that was listed is the same in any folder.
  if (event.idFrom !== 'list')
    writePrint(into, places.folderMark, folderMark(event.folder ?? folderOf(event.photo, idFrom)));
  into[places.offsetLow] = offset % wordSize;
  into[places.source] = source * halfWord + Math.floor(offset / wordSize);
}

/**
 * A second entry of a line, by which its template is found. It stands among the subjects as one of its own, which holds
 * nothing: for the photo it has the subject's mark.
 */
export function writeTemplateEntry(
  into: Entry,
  event: LedgerEvent & { readonly templateId: string },
  { file, offset }: Pick<EntryNumbers, 'file' | 'offset'>,
): void {
  into.set(subjectHash(templateSubject(event.templateId)), 0);
  writePrint(into, places.photo, subjectMark(event.subjectId));
  writeTimesOf(into, event);
  into[places.templateOffset] = offset % wordSize;
  into[places.templateOffset + 1] = Math.floor(offset / wordSize);
  const isHolding = event.kind === 'undone' ? 0 : heldBit;
  const kind = isStoredEvent(event) ? 0 : kinds.unclear;
  into[places.numbers] = file * 2 ** 20 + isHolding + kind + (ways.indexOf('list') << wayShift);
}

/** No subject has such an id. */
export const templateSubject = (templateId: string): string => `\u0000${templateKey(templateId)}`;

export const subjectMarkOf = (entry: Entry): string => readMark(entry, places.photo);
export const templateOffsetOf = (entry: Entry): number =>
  (entry[places.templateOffset + 1] ?? 0) * wordSize + (entry[places.templateOffset] ?? 0);

const isKnown = (kind: string): kind is keyof typeof kinds => Object.hasOwn(kinds, kind);

function flagsOf(event: LedgerEvent): number {
  const { kind, subjectId, sha256, idFrom = 'older' } = event;
  return (
    (isKnown(kind) ? kinds[kind] : 0) +
    (isHeldEvent(event) ? heldBit : 0) +
    (isStoredEvent(event) ? storedBit : 0) +
    (sha256 === undefined ? 0 : contentBit) +
    (ways.indexOf(idFrom) << wayShift) +
    (keyWithoutBlanks(subjectId) === subjectKey(subjectId) ? 0 : blanksBit)
  );
}

const wordSize = 2 ** 32;
const halfWord = 2 ** 16;

function writeTimesOf(into: Entry, event: LedgerEvent): void {
  const { at, seenAt } = timesOf(event);
  into[places.atLow] = at % wordSize;
  into[places.seenLow] = seenAt % wordSize;
  into[places.timesHigh] = Math.floor(at / wordSize) * halfWord + Math.floor(seenAt / wordSize);
}

export function timesOfEntry(entry: Entry): EventTimes {
  const high = entry[places.timesHigh] ?? 0;
  return {
    at: (high >>> 16) * wordSize + (entry[places.atLow] ?? 0),
    seenAt: (high % halfWord) * wordSize + (entry[places.seenLow] ?? 0),
  };
}

const numbers = (entry: Entry) => entry[places.numbers] ?? 0;
export const fileOf = (entry: Entry) => numbers(entry) >>> 20;
export const setFile = (entry: Entry, file: number) => {
  entry[places.numbers] = file * 2 ** 20 + (numbers(entry) % 2 ** 20);
};
export const detailOf = (entry: Entry) => (numbers(entry) >>> 8) % most.details;
export const isEnrolled = (entry: Entry) => (numbers(entry) & kindBits) === kinds.enrolled;
export const isRejected = (entry: Entry) => (numbers(entry) & kindBits) === kinds.rejected;
/** Of a template's entry: whether nobody knows if it was stored. */
export const isUnclear = (entry: Entry) => (numbers(entry) & kindBits) === kinds.unclear;
/** Whether the engine holds something of it, or may. */
export const isStored = (entry: Entry) => (numbers(entry) & storedBit) !== 0;
export const isHeld = (entry: Entry) => (numbers(entry) & heldBit) !== 0;
export const hasBlanks = (entry: Entry) => (numbers(entry) & blanksBit) !== 0;
/** How the subject's id arose. */
export const wayOf = (entry: Entry): Way => ways[(numbers(entry) >>> wayShift) & 3] ?? 'older';

/** Of most photos one of the two is asked for. */
export const printsOfEntry = (entry: Entry) => ({
  get listed() {
    return readPrint(entry, places.listed);
  },
  get content() {
    return readPrint(entry, places.content);
  },
});

/** Undefined where the event does not say. */
export const contentOf = (entry: Entry) =>
  (numbers(entry) & contentBit) === 0 ? undefined : readMark(entry, places.contentMark);
export const folderOfEntry = (entry: Entry) => readMark(entry, places.folderMark);
export const sourceOf = (entry: Entry) => (entry[places.source] ?? 0) >>> 16;
/** Of the line in its file, in bytes. */
export const offsetOf = (entry: Entry) =>
  ((entry[places.source] ?? 0) % halfWord) * wordSize + (entry[places.offsetLow] ?? 0);

/** The third word is never 0: that is how the end of the entries is known. */
export function subjectHash(subjectId: string): SubjectHash {
  const digest = hash('sha256', subjectKey(subjectId), 'binary');
  return [wordAt(digest, 0), wordAt(digest, 4), (wordAt(digest, 8) | 1) >>> 0];
}
export type SubjectHash = readonly [number, number, number];

export function photoHash(photo: string): PhotoHash {
  const digest = hash('sha256', photo, 'binary');
  return [wordAt(digest, 0), wordAt(digest, 4)];
}
export type PhotoHash = readonly [number, number];

export const isOfPhoto = (entry: Entry, [first, second]: PhotoHash) =>
  entry[places.photo] === first && entry[places.photo + 1] === second;

const wordAt = (digest: string, index: number) =>
  ((digest.charCodeAt(index) << 24) |
    (digest.charCodeAt(index + 1) << 16) |
    (digest.charCodeAt(index + 2) << 8) |
    digest.charCodeAt(index + 3)) >>>
  0;

/** Entries are gathered and sorted in 256 parts, by the first bits of their subjects' hashes. */
export const partitionBits = 8;
export const partitionOf = (entries: Uint32Array, place: number) =>
  (entries[place] ?? 0) >>> (32 - partitionBits);
