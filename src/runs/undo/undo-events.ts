import { randomBytes } from 'node:crypto';
import { type ErasedSubjects, openErasedSubjects } from '../../ledger/forgotten-subjects.ts';
import {
  type LedgerEvent,
  ledgerEventSchema,
  ledgerSchemaName,
  ledgerSourceOf,
} from '../../ledger/ledger-event.ts';
import { deltaPath } from '../../ledger/ledger-files.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { UndoLine } from '../../records/undo/undo-line.ts';
import type { StateStore, StateWriter } from '../../storage/state/state-store.ts';
import type { TemplatePlan } from './plan-undo.ts';
import { readUndoLines } from './undo-files.ts';

/**
 * Before a call that may delete or replace: whatever becomes of it, no photo counts as enrolled by what this run stored.
 * A death in between leaves photos that are called once more, and nobody who is missing.
 */
export async function noteIntention(
  state: StateStore,
  { record, plans }: { record: RunRecord; plans: readonly TemplatePlan[] },
): Promise<void> {
  const at = new Date().toISOString();
  const events = plans.flatMap(({ lines, templateId }) =>
    lines.map((line): LedgerEvent => ({ ...eventOf({ ...line, templateId }, record), kind: 'unclear', at })),
  );
  if (events.length > 0) await writeEvents(state, record, [events]);
}

/**
 * What the ledger is to know of everything that is undone by now; harmless when done again. Of whom was erased since it says
 * nothing any more.
 */
export async function noteUndone(state: StateStore, record: RunRecord): Promise<void> {
  const erased = await openErasedSubjects(state, record);
  await writeEvents(state, record, undoneEvents(state, { record, erased }));
}

async function* undoneEvents(
  state: StateStore,
  { record, erased }: { record: RunRecord; erased: Pick<ErasedSubjects, 'isVoid'> },
): AsyncGenerator<LedgerEvent[]> {
  for await (const line of readUndoLines(state, record.id)) {
    if (line.status !== 'reversed') continue;
    const { at, earlier, reason } = line;
    const isRestored = reason === 'restored' && earlier !== undefined;
    const undone: LedgerEvent = {
      ...eventOf(line, record),
      kind: 'undone',
      replaced: isRestored ? 'some' : 'none',
      at,
    };
    // A moment later, so that of the two it is the one that holds.
    const restoredAt = new Date(Date.parse(at) + 1).toISOString();
    const restored = isRestored ? [{ ...ledgerEventSchema.parse(earlier), at: restoredAt }] : [];
    yield [undone, ...restored].filter((event) => !erased.isVoid(event));
  }
}

function eventOf(
  { subjectId, photo, templateId }: Pick<UndoLine, 'subjectId' | 'photo' | 'templateId'>,
  record: RunRecord,
) {
  return {
    schema: ledgerSchemaName,
    ...{ run: record.id, subjectId, photo, templateId },
    // Of nothing that is there no folder is remembered: another one may give the id from now on.
    idFrom: 'list',
    source: ledgerSourceOf(record),
  } as const;
}

const batchLength = 1024 * 1024;

async function writeEvents(
  state: StateStore,
  { id, account }: RunRecord,
  batches: AsyncIterable<readonly LedgerEvent[]> | Iterable<readonly LedgerEvent[]>,
): Promise<void> {
  let writer: StateWriter | undefined;
  let text = '';
  const flush = async () => {
    if (text === '') return;
    writer ??= await state.openWriter(
      deltaPath(account, { run: `${id}-undo-${randomBytes(4).toString('hex')}`, epoch: Date.now() }),
    );
    await writer.write(text);
    text = '';
  };
  try {
    for await (const events of batches) {
      text += events.map((event) => `${JSON.stringify(event)}\n`).join('');
      if (text.length >= batchLength) await flush();
    }
    await flush();
    await writer?.commit();
  } finally {
    await writer?.discard();
  }
}
