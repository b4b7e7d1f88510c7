import type { Summary } from '../../records/summary.ts';
import type { CaseOnly } from '../../sources/layout/id-remarks.ts';
import { plural } from '../../util/plural.ts';
import type { MostRepeated } from '../../util/repeat-tally.ts';

/** @param text the id, where it may be shown */
export function describeRepeats({ photos, seq }: MostRepeated, text?: string): string {
  const which = text === undefined ? '' : ` (${JSON.stringify(text)})`;
  return `One subject id${which} stands for at least ${photos} photos, and one of them is enrolled: see photo ${seq}. Is it one person's, and the column the right one?`;
}

export function describeCaseOnly({ photos, subjectId, seq, firstSeq }: CaseOnly): string {
  return `Ids that differ only in upper and lower case are different people: ${JSON.stringify(subjectId)} of photo ${seq} and that of photo ${firstSeq} (${plural(photos, 'photo')} in all). If they are one, correct the list.`;
}

export function describeForgetList(list: Summary['forgetList']): string[] {
  if (!list || list.unknown === 0) return [];
  const { subjects, unknown } = list;
  return [
    `--forget-list: ${unknown} of ${plural(subjects, 'id')} are in neither source nor ledger. Are they written as there, upper and lower case too?`,
  ];
}
