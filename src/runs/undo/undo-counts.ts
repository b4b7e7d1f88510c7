import type { UndoLine, UndoReason, UndoStatus } from '../../records/undo/undo-line.ts';

/** What became, or is to become, of the photos that a run stored. */
export interface UndoCounts {
  readonly byStatus: Readonly<Record<UndoStatus, number>>;
  readonly byReason: Readonly<Partial<Record<UndoReason, number>>>;
  /** Deleted, or to be deleted, since this state knows nothing earlier: another state might. */
  readonly unproven: number;
}

export function createUndoCounter() {
  const byStatus = { reversed: 0, kept: 0, impossible: 0 };
  const byReason: Partial<Record<UndoReason, number>> = {};
  let unproven = 0;
  return {
    add({ status, reason, isUnproven }: UndoLine): void {
      byStatus[status] += 1;
      byReason[reason] = (byReason[reason] ?? 0) + 1;
      if (isUnproven) unproven += 1;
    },
    get counts(): UndoCounts {
      return { byStatus, byReason, unproven };
    },
  };
}

/** Of lines of which each photo has one. */
export async function countUndone(lines: AsyncIterable<UndoLine>): Promise<UndoCounts> {
  const counter = createUndoCounter();
  for await (const line of lines) counter.add(line);
  return counter.counts;
}
