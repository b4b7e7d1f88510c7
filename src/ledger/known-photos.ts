import type { LedgerHint } from '../records/photo-job-data.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { subjectKey } from '../util/subject-id.ts';
import { templateKey } from '../util/template-id.ts';
import { anyTemplate, contentFingerprint, listedFingerprint, noTemplate } from './fingerprint.ts';
import { compareTimes, type LedgerEvent, photoKey, readTimes, timesOf, writeTimes } from './ledger-event.ts';

/** What a photo is asked by. */
export interface AskedPhoto {
  readonly subjectId: string;
  /** Without signature or password. */
  readonly photo: string;
  /** Absent: the list does not say, or it says nothing about the bytes. */
  readonly version: string | undefined;
  /** See `templateMark`. */
  readonly template: string;
}

type Recognition =
  | { readonly kind: 'unchanged'; readonly enrolledAt: string }
  | { readonly kind: 'rejected-before' }
  /** Its bytes decide. */
  | { readonly kind: 'compare'; readonly known: LedgerHint };

/**
 * What the ledger holds, in 44 bytes an enrolled subject (or photo) and a rejected photo, 55 to 69 with free places. A
 * photo counts as unchanged only where it is what the engine holds of its subject as of the newest event: a call without
 * an answer, or another photo of the same subject, makes it count as changed.
 */
export interface KnownPhotos {
  /** Events may come in any order and more than once. */
  add(event: LedgerEvent): void;
  recognise(asked: AskedPhoto): Recognition | undefined;
  readonly sizeInBytes: number;
}

export interface KnownPhotosOptions {
  /** Whether each photo of a subject stands for itself (`--repeat each`), or the newest one for the subject. */
  readonly eachPhoto: boolean;
  /** Checks that this run requires: what was enrolled without them is not known to be fine. */
  readonly required: readonly string[];
}

/** Times (two words each: answer and last seen), then two words each of `listed` and `content`. */
const valueWords = 8;

export function createKnownPhotos({ eachPhoto, required }: KnownPhotosOptions): KnownPhotos {
  const held = createHashIndex({ valueWords });
  const rejected = createHashIndex({ valueWords });
  const heldKey = (subjectId: string, photo: string) =>
    eachPhoto ? photoKey(subjectId, photo) : subjectKey(subjectId);

  function addHeld(event: LedgerEvent, prints: Fingerprints): void {
    put(held.enter(heldKey(event.subjectId, event.photo)), event, prints);
  }

  return {
    add(event) {
      switch (event.kind) {
        case 'enrolled':
          return addHeld(event, isEnough(event, required) ? printsOf(event, templateOf(event)) : none);
        case 'unclear':
          return addHeld(event, none);
        case 'rejected':
          if (event.stored !== 'no') addHeld(event, none);
          // The verdict of a check that is not required now is none.
          if (!isVerdict(event, required)) return;
          return put(
            rejected.enter(photoKey(event.subjectId, event.photo)),
            event,
            printsOf(event, noTemplate),
          );
      }
    },
    recognise({ subjectId, photo, version, template }) {
      const heldNow = read(held.find(heldKey(subjectId, photo)));
      const verdict = read(rejected.find(photoKey(subjectId, photo)));
      // What was stored since then overtakes the verdict.
      const rejectedNow = verdict && (!heldNow || verdict.at >= heldNow.at) ? verdict : undefined;
      if (version !== undefined) {
        const isListed = (entry: typeof heldNow, mark: string) =>
          entry?.listed === listedFingerprint(photo, version, mark);
        if (heldNow && (isListed(heldNow, template) || isListed(heldNow, anyTemplate)))
          return { kind: 'unchanged', enrolledAt: heldNow.at };
        if (rejectedNow && isListed(rejectedNow, noTemplate)) return { kind: 'rejected-before' };
      }
      const known: LedgerHint = {
        ...(heldNow?.content && { enrolled: heldNow.content, enrolledAt: heldNow.at }),
        ...(rejectedNow?.content && { rejected: rejectedNow.content }),
      };
      return known.enrolled || known.rejected ? { kind: 'compare', known } : undefined;
    },
    get sizeInBytes() {
      return held.sizeInBytes + rejected.sizeInBytes;
    },
  };
}

/** 16 hex digits each; absent where nothing may be recognised by it. */
interface Fingerprints {
  readonly listed?: string | undefined;
  readonly content?: string | undefined;
}

const none: Fingerprints = {};

function printsOf({ photo, version, sha256 }: LedgerEvent, template: string): Fingerprints {
  return {
    ...(version !== undefined && { listed: listedFingerprint(photo, version, template) }),
    ...(sha256 !== undefined && { content: contentFingerprint(sha256, template) }),
  };
}

function templateOf({ templateId, templateIdFrom }: LedgerEvent): string {
  if (templateIdFrom === 'engine') return anyTemplate;
  return templateIdFrom === 'manifest' ? `=${templateKey(templateId ?? '')}` : noTemplate;
}

const isEnough = (event: LedgerEvent, required: readonly string[]) =>
  required.every((check) => event.required?.includes(check) ?? false);

const isVerdict = ({ code = '' }: LedgerEvent, required: readonly string[]) =>
  !code.startsWith('check-') || required.includes(code.slice('check-'.length));

/** The newer event stands; of two at the same time that say different things, neither does. */
function put(words: Uint32Array, event: LedgerEvent, prints: Fingerprints): void {
  const times = timesOf(event);
  const isNew = words[0] === 0 && words[1] === 0;
  const order = isNew ? 1 : compareTimes(times, readTimes(words));
  if (order < 0) return;
  const stands = order > 0 || isSame(words, prints);
  const { listed, content } = stands ? prints : none;
  writeTimes(words, times);
  writePrint(words, 4, listed);
  writePrint(words, 6, content);
}

const isSame = (words: Uint32Array, { listed = '', content = '' }: Fingerprints) =>
  readPrint(words, 4) === listed && readPrint(words, 6) === content;

function read(words: Uint32Array | undefined) {
  if (!words) return undefined;
  return {
    at: new Date(readTimes(words).at).toISOString(),
    listed: readPrint(words, 4),
    content: readPrint(words, 6),
  };
}

const hexOf = (word: number | undefined) => (word ?? 0).toString(16).padStart(8, '0');

/** Empty where there is none. */
function readPrint(words: Uint32Array, place: number): string {
  const isNone = words[place] === 0 && words[place + 1] === 0;
  return isNone ? '' : hexOf(words[place]) + hexOf(words[place + 1]);
}

function writePrint(words: Uint32Array, place: number, hex = ''): void {
  words[place] = Number.parseInt(hex.slice(0, 8) || '0', 16);
  words[place + 1] = Number.parseInt(hex.slice(8, 16) || '0', 16);
}
