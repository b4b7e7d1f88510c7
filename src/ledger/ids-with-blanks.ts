import { templateIdOf } from '../engines/registry.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { subjectKey } from '../util/subject-id.ts';
import type { ErasedSubjects } from './forgotten-subjects.ts';
import {
  compareTimes,
  type EventTimes,
  keyWithoutBlanks,
  type LedgerEvent,
  timesOf,
} from './ledger-event.ts';
import { readLedger } from './ledger-files.ts';
import { openSnapshot } from './snapshot/snapshot.ts';

/**
 * Blanks around ids were part of them once. Whoever was enrolled under such an id keeps the template, or there would be
 * two for one person.
 * @returns the template id for a subject that the ledger knows with blanks around its id; it reads the ledger to its end, but for what the snapshot speaks for
 */
export async function readTemplatesOfIdsWithBlanks(
  state: StateStore,
  options: { account: string; engine: string; erased: Pick<ErasedSubjects, 'isVoid'>; signal: AbortSignal },
): Promise<(subjectId: string) => string | undefined> {
  const { account, engine, erased, signal } = options;
  const newest = new Map<string, { readonly templateId: string; readonly times: EventTimes }>();
  const onEvent = (event: LedgerEvent) => {
    const key = keyWithoutBlanks(event.subjectId);
    if (key === subjectKey(event.subjectId) || event.stored === 'no' || erased.isVoid(event)) return;
    const times = timesOf(event);
    const known = newest.get(key);
    if (known && compareTimes(times, known.times) < 0) return;
    newest.set(key, { templateId: sentIdOf(event, engine), times });
  };
  // What the snapshot speaks for need not be read, where it knows of no such id.
  const snapshot = await openSnapshot(state, account).catch(() => undefined);
  await snapshot?.close();
  const except = snapshot?.facts.blanks === 0 ? snapshot.covers : undefined;
  await readLedger(state, { account, signal, onEvent, ...(except && { except }) });
  return (subjectId) => newest.get(subjectKey(subjectId))?.templateId;
}

/** An id that the engine chose itself cannot be sent. */
function sentIdOf({ subjectId, templateId, templateIdFrom }: LedgerEvent, engine: string): string {
  const own = () => templateIdOf({ engine, subjectId });
  return templateIdFrom === 'engine' ? own() : (templateId ?? own());
}
