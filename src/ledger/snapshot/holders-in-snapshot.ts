import type { StateStore } from '../../storage/state/state-store.ts';
import { templateKey } from '../../util/template-id.ts';
import type { ErasedSubjects } from '../forgotten-subjects.ts';
import { type AskedTemplate, subjectMark } from '../known-templates.ts';
import { type Holder, holdersOf, joinHolders, type TemplateHolders } from '../template-holders.ts';
import {
  type Entry,
  fileOf,
  isHeld,
  isUnclear,
  subjectMarkOf,
  templateOffsetOf,
  templateSubject,
  timesOfEntry,
} from './entry.ts';
import { readEventAt } from './read-event-at.ts';
import type { FoundEntries } from './read-table.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Who holds templates, by the entries of a snapshot. Where it is not the one who asks, the line is read: it names the
 * other, who may have been erased since.
 */
export function createHoldersInSnapshot(options: {
  readonly state: StateStore;
  readonly snapshot: Pick<Snapshot, 'facts'>;
  readonly erased: Pick<ErasedSubjects, 'isVoid'>;
}) {
  const { state, snapshot, erased } = options;
  const holders = new Map<string, TemplateHolders>();

  async function nameOther(holder: Holder, entries: readonly Entry[]): Promise<Holder> {
    const entry = entries.find(
      (entry) => timesOfEntry(entry).at === holder.at && subjectMarkOf(entry) === holder.subject,
    );
    if (!entry) return holder;
    const place = { file: fileOf(entry), offset: templateOffsetOf(entry) };
    const event = await readEventAt(state, { snapshot, ...place });
    if (!event) return holder;
    return { ...holder, name: event.subjectId, isEmptied: holder.isEmptied || erased.isVoid(event) };
  }

  return {
    /** Takes what was found of these, in place of what was taken before. */
    async take(entriesOf: FoundEntries, asked: readonly AskedTemplate[]): Promise<void> {
      holders.clear();
      for (const { subjectId, templateId } of asked) {
        const entries = entriesOf.get(templateSubject(templateId)) ?? [];
        const key = templateKey(templateId);
        // Another one of the list may have asked for it before.
        const found = holders.get(key) ?? entries.map(holdersOfEntry).reduce(joinHolders, undefined);
        if (!found) continue;
        const name = async (holder: Holder) =>
          holder.isEmptied || holder.subject === subjectMark(subjectId) ? holder : nameOther(holder, entries);
        const unclear = await Promise.all(found.unclear.map(name));
        holders.set(key, { certain: found.certain && (await name(found.certain)), unclear });
      }
    },
    holdersOf: (templateId: string) => holders.get(templateKey(templateId)),
  };
}

const holdersOfEntry = (entry: Entry): TemplateHolders | undefined =>
  holdersOf(
    { at: timesOfEntry(entry).at, subject: subjectMarkOf(entry), isEmptied: !isHeld(entry) },
    !isUnclear(entry),
  );
