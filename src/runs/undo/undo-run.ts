import pLimit from 'p-limit';
import { resumeFixedAccount } from '../../account/account-pause.ts';
import { BudgetSpentError } from '../../account/make-call.ts';
import { AccountPausedError } from '../../account/rate-limiter.ts';
import { agreeOnTerms, freeOfCharge, openSpending } from '../../account/spending.ts';
import type { CommandMoney } from '../../records/money.ts';
import { type RunRecord, runFolderOf } from '../../records/run-record.ts';
import type { UndoLine } from '../../records/undo/undo-line.ts';
import type { CallCounts, Price } from '../../settings/price.ts';
import { FaultError } from '../../util/errors.ts';
import { templateKey } from '../../util/template-id.ts';
import { SubjectForgottenError } from '../../worker/assert-not-forgotten.ts';
import { eraseTemplate } from '../erasure/erase-template.ts';
import { waitForCallers } from '../erasure/wait-for-callers.ts';
import { openUndoScene, type UndoTools } from './open-undo-scene.ts';
import { planUndo, type TemplatePlan } from './plan-undo.ts';
import { findEarlier, restorePhoto } from './restore-photo.ts';
import { countUndone, type UndoCounts } from './undo-counts.ts';
import { noteIntention, noteUndone } from './undo-events.ts';
import { createUndoWriter, isFinal, readUndoLines, undoMoneyFolderOf } from './undo-files.ts';
import { endOf, isCalling, kindOf, linesOf, type TemplateUndone } from './undo-lines.ts';
import { beginUndo, endUndo } from './undo-under-way.ts';

export interface UndoEnd extends UndoCounts {
  readonly run: string;
  /** What its calls cost, over all its starts; absent: they have no price. */
  readonly money?: CommandMoney;
  /** Set where the account or the budget stopped it: what has to be fixed. Started again it goes on. */
  readonly waitsFor?: string;
}

export interface UndoOptions {
  readonly signal: AbortSignal;
  /** Called if calls of others have to be waited for. */
  readonly onWait?: (wait: { runIds: readonly string[]; durationInMs: number }) => void;
  /** Called before the first call, where calls have a price. `calls`: how many there are to be, if none has to be made again. */
  readonly onStart?: (start: { calls: CallCounts; price: Price }) => void;
  readonly onProgress?: (progress: { done: number }) => void;
}

/**
 * What `undoRun` would do, photo by photo: no call is made. Earlier photos that would be enrolled again are looked for in
 * the archive.
 * @param onCall called for each call that would be made, if none has to be made again
 * @throws UsageError for a run that is not over, and with another account's credentials
 */
export async function* previewUndo(
  rollcall: UndoTools,
  record: RunRecord,
  {
    signal,
    onCall = () => {},
  }: Pick<UndoOptions, 'signal'> & { onCall?: (kind: 'delete' | 'enroll') => void },
): AsyncGenerator<UndoLine> {
  const scene = await openUndoScene(rollcall, record, { spending: freeOfCharge, signal });
  try {
    const inTurn = pLimit(rollcall.settings.concurrency);
    for await (const line of readUndoLines(rollcall.state, record.id)) if (isFinal(line)) yield line;
    for await (const plans of planUndo(await scene.planOptions())) {
      for (const lines of await Promise.all(plans.map((plan) => inTurn(() => preview(plan))))) yield* lines;
    }
  } finally {
    await scene.close();
  }

  async function preview(plan: TemplatePlan): Promise<UndoLine[]> {
    const { decision } = plan;
    const missing =
      decision.kind === 'restore' ? await findEarlier(decision.earlier, scene.restoring) : undefined;
    if (missing) return linesOf(plan, record, { status: 'impossible', ...missing });
    if (isCalling(decision)) onCall(kindOf(decision));
    return linesOf(plan, record, endOf(plan));
  }
}

/**
 * Takes back what a run did: what it stored is deleted, or what was there before is enrolled again; what another run
 * touched since, or is to, is kept. Meanwhile no other run of the account enrolls. May die on any line: started again it
 * goes on. One line a photo is in the run's folder (`undo/`), read by `readUndoLines`.
 * @throws UsageError for a run that is not over, and with another account's credentials; the signal's reason when aborted
 */
export async function undoRun(
  rollcall: UndoTools,
  record: RunRecord,
  { signal, onWait = () => {}, onStart = () => {}, onProgress = () => {} }: UndoOptions,
): Promise<UndoEnd> {
  const { state, settings } = rollcall;
  const terms = await agreeOnTerms(state, undoMoneyFolderOf(record.id), settings);
  const spending = openSpending(state, undoMoneyFolderOf(record.id), terms);
  const scene = await openUndoScene(rollcall, record, { spending, signal });
  const writer = createUndoWriter(state, record.id);
  let done = 0;
  let begun: Promise<void> | undefined;
  /** Once it is known what the run stored: a run whose report is gone has nothing that could go on. */
  const begin = () => {
    begun ??= beginUndo(state, record);
    return begun;
  };
  try {
    await resumeFixedAccount(scene.backend.accounts, record.account);
    await scene.ready();
    const end = await scene.hold(async () => {
      await waitForCallers({
        ...{ state, presence: scene.backend.presence, accounts: scene.accounts, listedAt: Date.now() },
        ...{ timeoutInMs: settings.timeout, signal, onWait },
      });
      if (terms.price) onStart({ calls: await countCalls(), price: terms.price });
      const waitsFor = await reverseAll().finally(writer.close);
      await begin();
      const counts = await countLines();
      await endUndo(state, record, { counts, isUnderWay: waitsFor !== undefined });
      return { ...counts, ...(waitsFor !== undefined && { waitsFor }) };
    });
    await spending.close();
    const money = await spending.spent();
    return { run: record.id, ...end, ...(money && { money }) };
  } finally {
    await scene.close();
    await spending.close();
  }

  async function countCalls(): Promise<CallCounts> {
    const calls = { delete: 0, enroll: 0 };
    for await (const plans of planUndo(await scene.planOptions()))
      for (const { decision } of plans) if (isCalling(decision)) calls[kindOf(decision)] += 1;
    return calls;
  }

  async function countLines(): Promise<UndoCounts> {
    const counts = await countUndone(readUndoLines(state, record.id));
    const { reversed, kept, impossible } = counts.byStatus;
    if (reversed + kept + impossible >= done) return counts;
    throw new FaultError(
      'state',
      `${state.locate(runFolderOf(record.id))} has lost lines of this undoing: was the run removed meanwhile? What was deleted is told by the engine alone: rollcall audit.`,
    );
  }

  async function reverseAll(): Promise<string | undefined> {
    const inTurn = pLimit(settings.concurrency);
    try {
      for await (const plans of planUndo(await scene.planOptions())) {
        const calling = plans.filter(({ decision }) => isCalling(decision));
        await begin();
        await noteIntention(state, { record, plans: calling });
        // Whom a run lists from now on it looks up in a ledger that says so.
        const awaitedBy = await scene.findAwaited(calling);
        const stop = new AbortController();
        const ends = await Promise.allSettled(
          plans.map((plan, index) =>
            inTurn(async () => {
              stop.signal.throwIfAborted();
              // The first that fails stops the others.
              const by = isCalling(plan.decision) ? awaitedBy(templateKey(plan.templateId)) : undefined;
              const end =
                by === undefined
                  ? await reverse(plan, index).catch((error) => {
                      stop.abort(error);
                      throw error;
                    })
                  : ({ status: 'kept', reason: 'other-run', by } as const);
              await writer.append(linesOf(plan, record, end));
              done += plan.lines.length;
              onProgress({ done });
            }),
          ),
        );
        signal.throwIfAborted();
        const fault = ends.find((end) => end.status === 'rejected')?.reason;
        if (fault instanceof AccountPausedError) return fault.pause.message;
        if (fault instanceof BudgetSpentError) return await spending.whyStopped();
        if (fault !== undefined) throw fault;
      }
      return undefined;
    } finally {
      await noteUndone(state, record);
    }
  }

  async function reverse(plan: TemplatePlan, index: number): Promise<TemplateUndone> {
    const { decision, templateId } = plan;
    const name = `undo/${record.id}/${plan.lines[0]?.seq ?? index}`;
    switch (decision.kind) {
      case 'delete': {
        const { restoring, deleteTemplate } = scene;
        const { runId } = restoring;
        const end = await eraseTemplate({
          ...{ context: restoring, runId, deleteTemplate, templateId, name },
          ...{ retries: settings, signal: scene.signal },
        });
        if (end.kind === 'failed')
          return { status: 'impossible', reason: 'call-failed', message: end.message };
        return {
          ...endOf(plan),
          ...(end.existed === false && { reason: 'gone' }),
          transactionId: end.transaction,
        };
      }
      case 'restore': {
        const { earlier } = decision;
        const end = await restorePhoto({ earlier, templateId, name }, scene.restoring).catch((error) => {
          if (error instanceof SubjectForgottenError) return undefined;
          throw error;
        });
        if (!end) return { status: 'kept', reason: 'forgotten' };
        if (end.kind === 'impossible') return { status: 'impossible', ...end };
        return { ...endOf(plan), transactionId: end.transactionId };
      }
      default:
        return endOf(plan);
    }
  }
}
