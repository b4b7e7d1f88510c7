import type { LedgerHint } from '../records/photo-job-data.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { subjectKey } from '../util/subject-id.ts';
import {
  anyTemplate,
  type Fingerprints,
  listedFingerprint,
  noTemplate,
  printsOf,
  readPrint,
  writePrint,
} from './fingerprint.ts';
import {
  compareTimes,
  type EventTimes,
  isHeldEvent,
  type LedgerEvent,
  photoKey,
  readTimes,
  timesOf,
  writeTimes,
} from './ledger-event.ts';

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
 * What the ledger holds, in 44 bytes an enrolled subject (or photo) and a rejected photo, 48 to 52 with free places. A
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
  /** What is known of events that are not added. */
  readonly more?: KnownElsewhere | undefined;
}

export interface KnownElsewhere {
  /** What the engine holds of the subject, or of the photo where each stands for itself. */
  held(photo: Pick<AskedPhoto, 'subjectId' | 'photo'>): Holding | undefined;
  /** The latest verdict on the photo. */
  verdict(photo: Pick<AskedPhoto, 'subjectId' | 'photo'>): Holding | undefined;
}

/** As of the newest of some events. */
export interface Holding {
  readonly times: EventTimes;
  readonly prints: Fingerprints;
}

/** Times (two words each: answer and last seen), then two words each of `listed` and `content`. */
const valueWords = 8;

export function createKnownPhotos({ eachPhoto, required, more }: KnownPhotosOptions): KnownPhotos {
  const held = createHashIndex({ valueWords });
  const rejected = createHashIndex({ valueWords });
  const heldKey = (subjectId: string, photo: string) =>
    eachPhoto ? photoKey(subjectId, photo) : subjectKey(subjectId);
  let isEmpty = true;

  function put(words: Uint32Array, holding: Holding): void {
    isEmpty = false;
    const { times, prints } = newerOf(read(words), holding);
    writeTimes(words, times);
    writePrint(words, 4, prints.listed);
    writePrint(words, 6, prints.content);
  }

  const heldNow = ({ subjectId, photo }: AskedPhoto) =>
    isEmpty ? undefined : read(held.find(heldKey(subjectId, photo)));
  const verdictNow = ({ subjectId, photo }: AskedPhoto) =>
    isEmpty ? undefined : read(rejected.find(photoKey(subjectId, photo)));

  return {
    add(event) {
      const holding = { times: timesOf(event), prints: printsOf(event) };
      if (isHeldEvent(event)) {
        const isFine = event.kind === 'enrolled' && isEnough(event.required, required);
        put(
          held.enter(heldKey(event.subjectId, event.photo)),
          isFine ? holding : { ...holding, prints: none },
        );
      }
      if (event.kind === 'rejected' && isVerdict(event.code, required))
        put(rejected.enter(photoKey(event.subjectId, event.photo)), holding);
    },
    recognise(asked) {
      return recognise(asked, {
        held: newest(heldNow(asked), more?.held(asked)),
        verdict: newest(verdictNow(asked), more?.verdict(asked)),
      });
    },
    get sizeInBytes() {
      return held.sizeInBytes + rejected.sizeInBytes;
    },
  };
}

function recognise(
  { photo, version, template }: AskedPhoto,
  { held, verdict }: { held: Holding | undefined; verdict: Holding | undefined },
): Recognition | undefined {
  // What was stored since then overtakes the verdict.
  const rejected = verdict && (!held || verdict.times.at >= held.times.at) ? verdict : undefined;
  if (version !== undefined) {
    const isListed = (holding: Holding, mark: string) =>
      holding.prints.listed === listedFingerprint(photo, version, mark);
    if (held?.prints.listed && (isListed(held, template) || isListed(held, anyTemplate)))
      return { kind: 'unchanged', enrolledAt: isoOf(held) };
    if (rejected?.prints.listed && isListed(rejected, noTemplate)) return { kind: 'rejected-before' };
  }
  const known: LedgerHint = {
    ...(held?.prints.content && { enrolled: held.prints.content, enrolledAt: isoOf(held) }),
    ...(rejected?.prints.content && { rejected: rejected.prints.content }),
  };
  return known.enrolled || known.rejected ? { kind: 'compare', known } : undefined;
}

const isoOf = ({ times }: Holding) => new Date(times.at).toISOString();

/** Nothing may be recognised by it. */
export const none: Fingerprints = {};

/** Whether it passed all checks that a run requires now. */
export const isEnough = (passed: readonly string[] | undefined, required: readonly string[]): boolean =>
  required.every((check) => passed?.includes(check) ?? false);

/** The verdict of a check that is not required now is none. */
export const isVerdict = (code: string | undefined, required: readonly string[]): boolean =>
  !code?.startsWith(checkCode) || required.includes(code.slice(checkCode.length));

export const checkCode = 'check-';

/** The newer one stands; of two at the same time that say different things, neither does. */
export function newerOf(one: Holding | undefined, other: Holding): Holding {
  if (!one) return other;
  const order = compareTimes(other.times, one.times);
  if (order === 0) return isSame(one.prints, other.prints) ? one : { times: one.times, prints: none };
  return order > 0 ? other : one;
}

function newest(one: Holding | undefined, other: Holding | undefined): Holding | undefined {
  return other ? newerOf(one, other) : one;
}

const isSame = (one: Fingerprints, other: Fingerprints) =>
  (one.listed ?? '') === (other.listed ?? '') && (one.content ?? '') === (other.content ?? '');

function read(words: Uint32Array | undefined): Holding | undefined {
  if (!words || (words[0] === 0 && words[1] === 0)) return undefined;
  return {
    times: readTimes(words),
    prints: { listed: readPrint(words, 4), content: readPrint(words, 6) },
  };
}
