import { type LedgerEvent, timesOf } from '../../ledger/ledger-event.ts';

/** What happened to one template, as far as this state knows: something was stored under it, or it was emptied. */
export type Mark = Touch | Emptied;

/** A call that stored something, or may have. */
export interface Touch {
  readonly kind: 'touch';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Absent: an earlier version did not note it. */
  readonly run?: string | undefined;
  readonly event: LedgerEvent;
}

interface Emptied {
  readonly kind: 'emptied';
  readonly at: number;
  readonly by: 'undone' | 'erased';
  /** That was undone. */
  readonly run?: string | undefined;
  /** What was there before holds again: an event of its own says so. */
  readonly isRestored?: boolean;
}

export function markOfEvent(event: LedgerEvent): Mark {
  const { at } = timesOf(event);
  const { run, replaced } = event;
  return event.kind === 'undone'
    ? { kind: 'emptied', at, by: 'undone', run, isRestored: replaced === 'some' }
    : { kind: 'touch', at, run, event };
}

/**
 * What happened in order: what an erasure or another undoing took back is gone, and an event that only says that the
 * content was seen again counts where its call is not known. Pure.
 */
export function timelineOf(marks: readonly Mark[]): readonly Mark[] {
  const called = new Set(marks.filter((mark) => !isSeenAgain(mark)).map(({ at }) => at));
  const ordered = marks
    .filter((mark) => !isSeenAgain(mark) || !called.has(mark.at))
    .sort((one, other) => one.at - other.at || rank(one) - rank(other));
  const timeline: Mark[] = [];
  for (const mark of ordered) {
    if (mark.kind === 'emptied') {
      const left = timeline.filter((before) => before.kind === 'touch' && !isTakenBack(before, mark));
      timeline.splice(0, timeline.length, ...left);
      if (mark.isRestored) continue;
    }
    timeline.push(mark);
  }
  return timeline;
}

/** What was stored in the millisecond of an erasure came after it, or the careful answer would be that nothing is there. */
const rank = ({ kind }: Mark) => (kind === 'emptied' ? 0 : 1);

const isTakenBack = (touch: Touch, { by, run }: Emptied) => by === 'erased' || touch.run === run;

const isSeenAgain = (mark: Mark) => mark.kind === 'touch' && mark.event.seenAt !== undefined;
