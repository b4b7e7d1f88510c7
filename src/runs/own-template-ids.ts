import type { RunRecord } from '../records/run-record.ts';
import { plural } from '../util/plural.ts';

/**
 * What to know of engines that give ids of their own in place of those sent, by the run that shows it: for each account
 * the newest that is over. `records`: the newest first.
 */
export function ownTemplateIdNotes(records: readonly RunRecord[]): Map<RunRecord, string> {
  const seen = new Set<string>();
  const notes = new Map<RunRecord, string>();
  for (const record of records) {
    if (record.ownTemplateIds === undefined || seen.has(record.account)) continue;
    seen.add(record.account);
    const photos = plural(record.ownTemplateIds, 'photo');
    notes.set(
      record,
      `the engine gave ${photos} template ids of its own in place of those sent: a call that is repeated may enroll a person twice`,
    );
  }
  return notes;
}
