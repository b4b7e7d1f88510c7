import { hash } from 'node:crypto';
import { dirname } from 'node:path/posix';
import {
  compareTimes,
  isHeldEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  readTimes,
  timesOf,
  writeTimes,
} from '../../ledger/ledger-event.ts';
import type { ShareOrCount } from '../../settings/value-types.ts';
import { createHashIndex } from '../../util/hash-index.ts';
import { drawSample, lot, sampleSize } from './draw-sample.ts';
import { standingOf } from './standing.ts';

/** Behind the times of the newest event: its print, which two at one time must agree in and is never 0, and the subject's number. */
const print = 4;
const number = 5;
const valueWords = 6;

/** What the newest event says of a subject. */
const standings = { unclear: 0, held: 1, undone: 2 } as const;
/** Of somebody who may be asked about. */
const choices = { none: 0, chosen: 1, taken: 2 } as const;

/**
 * Whom an audit asks about by the ledger: who is held, and who was undone, as of the newest events. Memory: 50 to 70 bytes a
 * subject.
 */
export function createLedgerSubjects(seed: number) {
  const index = createHashIndex({ valueWords });
  const standing = createColumn(Uint8Array);
  const choice = createColumn(Uint8Array);
  const stratum = createColumn(Uint32Array);
  const lots = createColumn(Uint32Array);
  let subjects = 0;

  return {
    add(event: LedgerEvent): void {
      if (!isHeldEvent(event)) return;
      const key = keyWithoutBlanks(event.subjectId);
      const words = index.enter(key);
      if (words[number] === 0) {
        subjects += 1;
        words[number] = subjects;
        lots.set(subjects, lot(seed, key));
      }
      const order = compareTimes(timesOf(event), readTimes(words));
      if (order < 0) return;
      const own = printOf(event);
      // Of two that contradict each other at the same time neither holds.
      const place = words[number] ?? 0;
      const now = standings[standingOf(event)];
      const isSure = order > 0 || (words[print] === own && standing.get(place) === now);
      writeTimes(words, timesOf(event));
      words[print] = own;
      standing.set(place, isSure ? now : standings.unclear);
      stratum.set(place, stratumOf(event));
    },
    choose(about: 'held' | 'undone', sample: ShareOrCount): void {
      const members = new Uint32Array(countOf(about));
      let count = 0;
      for (let place = 1; place <= subjects; place += 1)
        if (standing.get(place) === standings[about]) members[count++] = place;
      const drawn = drawSample(
        {
          count,
          stratumOf: (member) => stratum.get(members[member] ?? 0),
          lotOf: (member) => lots.get(members[member] ?? 0),
        },
        { size: sampleSize(sample, count), seed },
      );
      for (const member of drawn) choice.set(members[member] ?? 0, choices.chosen);
    },
    /** What it says of somebody who was chosen; once for each, else undefined. */
    take(event: LedgerEvent): 'held' | 'undone' | undefined {
      const words = isHeldEvent(event) ? index.find(keyWithoutBlanks(event.subjectId)) : undefined;
      const place = words?.[number] ?? 0;
      if (!words || choice.get(place) !== choices.chosen || words[print] !== printOf(event)) return undefined;
      if (compareTimes(timesOf(event), readTimes(words)) !== 0) return undefined;
      choice.set(place, choices.taken);
      return standing.get(place) === standings.held ? 'held' : 'undone';
    },
    countOf,
  };

  function countOf(wanted: keyof typeof standings): number {
    let count = 0;
    for (let place = 1; place <= subjects; place += 1)
      if (standing.get(place) === standings[wanted]) count += 1;
    return count;
  }
}

/** Photos of one template are taken back together. */
const printOf = ({ kind, photo, sha256 = '', templateId = '' }: LedgerEvent): number =>
  (word(`${kind}\n${kind === 'undone' ? '' : photo}\n${sha256}\n${templateId}`) | 1) >>> 0;

/** Run and folder, or the source where an earlier version did not note the run. */
const stratumOf = ({ run, source, folder, photo }: LedgerEvent): number =>
  word(`${run ?? source}\n${folder ?? dirname(photo)}`);

const word = (text: string) => Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16);

/** Numbers by a place that is counted up. */
function createColumn<Kind extends Uint8Array | Uint32Array>(kind: new (length: number) => Kind) {
  let values = new kind(1024);
  return {
    get: (place: number) => values[place] ?? 0,
    set(place: number, value: number): void {
      if (place >= values.length) {
        const larger = new kind(2 * values.length);
        larger.set(values);
        values = larger;
      }
      values[place] = value;
    },
  };
}
