import { z } from 'zod';
import type { RunRecord } from '../records/run-record.ts';
import { everyDayOf } from '../sources/s3-inventory/inventory-name.ts';
import { trimUnseen } from '../sources/trim-text.ts';
import { subjectKey } from '../util/subject-id.ts';
import { timeAt, writeTimeAt } from '../util/word-time.ts';

export const ledgerSchemaName = 'rollcall.ledger/1';

/**
 * One line of the ledger: what a run came to know of one photo of one subject. What holds follows from the newest events
 * (see `compareTimes`), so they may be read in any order and more than once.
 */
export const ledgerEventSchema = z.looseObject({
  schema: z.literal(ledgerSchemaName),
  /**
   * `enrolled`: the engine stored it. `rejected`: the engine's verdict. `unclear`: a call without an answer, the engine
   * may hold it. `undone`: what `run` stored was taken back. Other kinds are of a newer version; they are kept.
   */
  kind: z.string(),
  /** Whose call it was, of an event with `seenAt` who saw it; absent: an earlier version did not note it. */
  run: z.string().optional(),
  subjectId: z.string(),
  /** Without signature or password. */
  photo: z.string(),
  /** As the list gave it, else as the place it was read from said. */
  version: z.string().optional(),
  /** Hex, of the original bytes. */
  sha256: z.string().optional(),
  templateId: z.string().optional(),
  /** How the subject's id arose; absent: an earlier version did not note it. */
  idFrom: z.enum(['path', 'list']).optional(),
  /** The folder that gave it the id, of one that was inferred (`folderOf`). */
  folder: z.string().optional(),
  /** Who chose the template id; absent: it follows from the subject. */
  templateIdFrom: z.enum(['manifest', 'engine']).optional(),
  /**
   * Whether the template's id was taken before the call: the engine said so, or earlier events do of one that was
   * restored. Absent: nobody asked; what it was follows from the events of earlier runs. Of one that was undone `some`:
   * what was there before holds again, by an event of its own.
   */
  replaced: z.enum(['none', 'some']).optional(),
  /** Checks that had to be fine for it to count as enrolled. */
  required: z.array(z.string()).optional(),
  /** The engine's code, of a rejected photo. */
  code: z.string().optional(),
  /** What the engine holds of a rejected photo. */
  stored: z.enum(['yes', 'no', 'unknown']).optional(),
  /** ISO time at which the engine answered. */
  at: z.iso.datetime(),
  /** When the same bytes were last seen under this version, where that was later. */
  seenAt: z.iso.datetime().optional(),
  /** Where the photo was listed. */
  source: z.string(),
});
export type LedgerEvent = z.infer<typeof ledgerEventSchema>;

/** The event of a line, or undefined if it is damaged, or of a newer version. */
export function parseLedgerEvent(text: string): LedgerEvent | undefined {
  try {
    const parsed = ledgerEventSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it says what the engine holds, or may; of what was undone that it holds nothing. */
export const isHeldEvent = ({ kind, stored }: LedgerEvent): boolean =>
  kind === 'enrolled' || kind === 'unclear' || kind === 'undone' || (kind === 'rejected' && stored !== 'no');

/** Whether the engine stored it, undone since or not: a required check that was not fine does not undo that. */
export const isStoredEvent = ({ kind, stored, templateId }: LedgerEvent): boolean =>
  kind === 'enrolled' ||
  kind === 'undone' ||
  (kind === 'rejected' && stored === 'yes' && templateId !== undefined);

/** A subject of the ledger as lists name it now: blanks around ids were part of them once. */
export const keyWithoutBlanks = (subjectId: string): string => subjectKey(trimUnseen(subjectId));

export const photoKey = (subjectId: string, photo: string) => `${subjectKey(subjectId)}\n${photo}`;

/** Milliseconds since 1970: when the engine answered, and when that was last seen to hold. */
export interface EventTimes {
  readonly at: number;
  readonly seenAt: number;
}

export function timesOf({ at, seenAt }: Pick<LedgerEvent, 'at' | 'seenAt'>): EventTimes {
  const answeredAt = Date.parse(at);
  return { at: answeredAt, seenAt: seenAt === undefined ? answeredAt : Date.parse(seenAt) };
}

/** Above 0 where the first is newer: by the engine's answer, then by when it was last seen. */
export function compareTimes(first: EventTimes, second: EventTimes): number {
  return first.at === second.at ? first.seenAt - second.seenAt : first.at - second.at;
}

/** Times of an event as the first four of an index's 32-bit numbers. */
export function writeTimes(words: Uint32Array, { at, seenAt }: EventTimes): void {
  writeTimeAt(words, 0, at);
  writeTimeAt(words, 2, seenAt);
}

export const readTimes = (words: Uint32Array): EventTimes => ({
  at: timeAt(words, 0),
  seenAt: timeAt(words, 2),
});

/** What the ledger calls the source of an event: former versions named each day's delivery of an inventory. */
export const sourceNameOf = ({ source }: Pick<LedgerEvent, 'source'>): string => everyDayOf(source);

/**
 * What the ledger calls a run's source: its address, and what of it was listed. Two nights over two parts of one bucket
 * must not find each other's subjects missing. Each day's delivery of an inventory is the same source.
 */
export function ledgerSourceOf(record: RunRecord): string {
  const { include, exclude } = record.settings;
  const filters = [
    ...(include.length > 0 ? [`include ${include.join(' ')}`] : []),
    ...(exclude.length > 0 ? [`exclude ${exclude.join(' ')}`] : []),
  ];
  const address = everyDayOf(record.origin ?? record.source);
  return filters.length > 0 ? `${address} (${filters.join('; ')})` : address;
}
