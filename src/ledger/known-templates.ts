import { hash } from 'node:crypto';
import { z } from 'zod';
import { createHashIndex } from '../util/hash-index.ts';
import { isUuid5, templateKey } from '../util/template-id.ts';
import { timeAt, writeTimeAt } from '../util/word-time.ts';
import { readMark, writePrint } from './fingerprint.ts';
import { isHeldEvent, isStoredEvent, keyWithoutBlanks, type LedgerEvent, timesOf } from './ledger-event.ts';
import {
  type Holder,
  holdersOf,
  joinHolders,
  type OthersUnderTemplate,
  othersThan,
  type TemplateHolders,
} from './template-holders.ts';

export interface AskedTemplate {
  readonly subjectId: string;
  readonly templateId: string;
}

/** Who holds which template. 72 bytes a template, 78 to 85 with free places. */
export interface KnownTemplates {
  /** Events may come in any order and more than once. */
  add(event: LedgerEvent, options: { isVoid: boolean }): void;
  others(asked: AskedTemplate): OthersUnderTemplate;
  /** From here on those, too, whose ids follow from their subjects. What was added before is to be added again. */
  knowAll(): void;
  readonly knowsAll: boolean;
  /** What lists gave, of the events that were added. */
  readonly given: GivenIds['now'];
}

/**
 * Which template ids lists gave. A UUID of version 5 may follow from a subject: then the templates of all subjects have to
 * be known, not only those whose ids were given.
 */
export const givenIdsSchema = z.enum(['none', 'others', 'uuids-5']);
export interface GivenIds {
  add(event: LedgerEvent): void;
  readonly now: z.infer<typeof givenIdsSchema>;
}

export function createGivenIds(former: GivenIds['now'] = 'none'): GivenIds {
  let now = former;
  return {
    add({ templateId, templateIdFrom }) {
      if (templateId === undefined || templateIdFrom === undefined || now === 'uuids-5') return;
      now = isUuid5(templateId) ? 'uuids-5' : 'others';
    },
    get now() {
      return now;
    },
  };
}

/** Whether an event says something of a template that may be asked for. */
export function isAskedByTemplate(
  event: LedgerEvent,
  all: boolean,
): event is LedgerEvent & { templateId: string } {
  if (event.templateId === undefined || !isHeldEvent(event)) return false;
  // An undoing does not note who chose the id.
  return all || event.templateIdFrom !== undefined || event.kind === 'undone';
}

/** Whoever it is, with blanks around the id or without. */
export const subjectMark = (subjectId: string): string =>
  hash('sha256', keyWithoutBlanks(subjectId), 'hex').slice(0, 16);

/** Three times the words of a holder: the certain one, and two that are not. */
const places = { certain: 0, unclear: [5, 10] } as const;
/** Words of a holder: time, mark, and whether it is there, or emptied. */
const place = { at: 0, subject: 2, state: 4 } as const;
const valueWords = 15;
const states = { holding: 1, emptied: 2 } as const;
/** More are not named in messages. */
const mostNames = 10_000;

export function createKnownTemplates({
  more,
}: {
  /** What is known of events that are not added. */
  more?: (templateId: string) => TemplateHolders | undefined;
} = {}): KnownTemplates {
  const index = createHashIndex({ valueWords });
  const names = new Map<string, string>();
  const given = createGivenIds();
  let all = false;
  let isEmpty = true;

  function readHolder(words: Uint32Array, from: number): Holder | undefined {
    const state = words[from + place.state];
    if (state === 0) return undefined;
    const mark = readMark(words, from + place.subject);
    const subject = mark === nobody ? '' : mark;
    const isEmptied = state === states.emptied;
    return { at: timeAt(words, from + place.at), subject, name: names.get(subject), isEmptied };
  }

  function read(templateId: string): TemplateHolders | undefined {
    const words = isEmpty ? undefined : index.find(templateKey(templateId));
    if (!words) return undefined;
    const unclear = places.unclear.flatMap((from) => readHolder(words, from) ?? []);
    return { certain: readHolder(words, places.certain), unclear };
  }

  return {
    add(event, { isVoid }) {
      given.add(event);
      if (!isAskedByTemplate(event, all)) return;
      const subject = subjectMark(event.subjectId);
      const isEmptied = isVoid || event.kind === 'undone';
      const holder = { at: timesOf(event).at, subject, isEmptied };
      const holders = joinHolders(holdersOf(holder, isStoredEvent(event)), read(event.templateId));
      const words = index.enter(templateKey(event.templateId));
      isEmpty = false;
      if (holders?.certain) writeHolder(words, places.certain, holders.certain);
      for (const [number, from] of places.unclear.entries()) {
        const unclear = holders?.unclear[number];
        if (unclear) writeHolder(words, from, unclear);
      }
      if (names.size < mostNames) names.set(subject, event.subjectId);
    },
    others({ subjectId, templateId }) {
      const holders = joinHolders(read(templateId), more?.(templateId));
      return holders ? othersThan(subjectMark(subjectId), holders) : nobodyElse;
    },
    knowAll() {
      all = true;
    },
    get knowsAll() {
      return all;
    },
    get given() {
      return given.now;
    },
  };
}

const nobodyElse: OthersUnderTemplate = { holder: undefined, wasTaken: false };

const nobody = '0'.repeat(16);

function writeHolder(words: Uint32Array, from: number, { at, subject, isEmptied }: Holder): void {
  writeTimeAt(words, from + place.at, at);
  writePrint(words, from + place.subject, subject);
  words[from + place.state] = isEmptied ? states.emptied : states.holding;
}
