import { createForgottenSubjects, openErasedSubjects } from '../../ledger/forgotten-subjects.ts';
import type { LedgerEvent } from '../../ledger/ledger-event.ts';
import { readWholeLedger } from '../../ledger/read-whole-ledger.ts';
import { planPathOf } from '../../records/audit/audit-record.ts';
import type { AuditSummary } from '../../records/audit/audit-summary.ts';
import type { ShareOrCount } from '../../settings/value-types.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { redactAddress } from '../../util/redact-address.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { createLedgerSubjects } from './ledger-subjects.ts';
import { createNamedForgotten } from './named-forgotten.ts';
import type { PlannedSubject } from './plan.ts';

export interface Choice {
  readonly id: string;
  readonly sample: ShareOrCount;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/**
 * Writes the plan of an audit: of the subjects that the engine holds by the ledger, of those whose template an undoing
 * deleted, and of those who are forgotten and whom this state can still name, a sample each.
 */
export async function chooseSubjects(
  rollcall: Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>,
  { id, sample, seed, signal }: Choice,
): Promise<AuditSummary['population']> {
  const { state } = rollcall;
  const { engine, account } = rollcall.engine();
  const accounts = await findSameAccounts(rollcall);
  const erased = await openErasedSubjects(state, { engine: engine.name, account });
  const forgotten = createNamedForgotten(erased);
  const subjects = createLedgerSubjects(seed);
  const readAll = async (onEvent: (event: LedgerEvent) => void, afterBatch = async () => {}) => {
    for (const one of accounts) await readWholeLedger(state, { account: one, signal, onEvent, afterBatch });
  };
  await readAll((event) => {
    if (!forgotten.note(event) && !erased.isVoid(event)) subjects.add(event);
  });
  const list = createForgottenSubjects({ state, engine: engine.name, account });
  await list.refresh();
  if (!list.isEmpty()) await forgotten.noteRuns(state, accounts, signal);
  subjects.choose('held', sample);
  subjects.choose('undone', sample);
  const forgottenChosen = forgotten.choose(sample, seed);

  // Somebody may be erased between the two looks.
  const chosen = { held: 0, undone: 0 };
  await writePlan(state, id, async (write, flush) => {
    await readAll((event) => {
      if (erased.isForgotten(event.subjectId) || erased.isVoid(event)) return;
      const about = subjects.take(event);
      if (about === undefined) return;
      chosen[about] += 1;
      write({ about, ...plannedOf(event, engine.templateIdFor) });
    }, flush);
    for (const { subjectId, templateId, photo } of forgottenChosen)
      write({
        about: 'forgotten',
        subjectId,
        templateId: templateId ?? engine.templateIdFor(subjectId),
        ...(photo !== undefined && { photo: redactAddress(photo).address }),
      });
  });
  const undone = subjects.countOf('undone');
  return {
    held: subjects.countOf('held'),
    heldChosen: chosen.held,
    ...(undone > 0 && { undone, undoneChosen: chosen.undone }),
    forgotten: forgotten.count(),
    forgottenChosen: forgottenChosen.length,
    unclear: subjects.countOf('unclear'),
  };
}

/** It appears whole. `flush`: writes what was gathered by then. */
async function writePlan(
  state: StateStore,
  id: string,
  fill: (write: (planned: Omit<PlannedSubject, 'seq'>) => void, flush: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const writer = await state.openWriter(planPathOf(id));
  let seq = 0;
  let text = '';
  const flush = async () => {
    const batch = text;
    text = '';
    if (batch !== '') await writer.write(batch);
  };
  try {
    await fill((planned) => {
      seq += 1;
      text += `${JSON.stringify({ seq, ...planned })}\n`;
    }, flush);
    await flush();
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

function plannedOf(
  { subjectId, templateId, templateIdFrom, photo, version, sha256, source, run, at }: LedgerEvent,
  templateIdFor: (subjectId: string) => string,
): Omit<PlannedSubject, 'seq' | 'about'> {
  return {
    subjectId,
    photo,
    templateId: templateId ?? templateIdFor(subjectId),
    ...(version !== undefined && { version }),
    ...(sha256 !== undefined && { sha256 }),
    ...(templateIdFrom !== undefined && { templateIdFrom }),
    source,
    ...(run !== undefined && { run }),
    enrolledAt: at,
  };
}
