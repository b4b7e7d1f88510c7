import pLimit from 'p-limit';
import { resumeFixedAccount } from '../../account/account-pause.ts';
import { AccountPausedError } from '../../account/rate-limiter.ts';
import { type RunRecord, writeRunRecord } from '../../records/run-record.ts';
import { type UndoLine, type UndoReason, type UndoStatus, undoSchemaName } from '../../records/undo-line.ts';
import { SubjectForgottenError } from '../../worker/assert-not-forgotten.ts';
import { eraseTemplate } from '../erasure/erase-template.ts';
import { waitForCallers } from '../erasure/wait-for-callers.ts';
import type { StoredLine } from './decide-template.ts';
import { openUndoScene, type UndoTools } from './open-undo-scene.ts';
import { planUndo, type TemplatePlan } from './plan-undo.ts';
import { findEarlier, restorePhoto } from './restore-photo.ts';
import { countUndone, type UndoCounts } from './undo-counts.ts';
import { noteIntention, noteUndone } from './undo-events.ts';
import { createUndoWriter, isFinal, readUndoLines } from './undo-files.ts';

export interface UndoEnd extends UndoCounts {
  readonly run: string;
  /** Set where the account stopped it: what has to be fixed. Started again it goes on. */
  readonly waitsFor?: string;
}

export interface UndoOptions {
  readonly signal: AbortSignal;
  /** Called if calls of others have to be waited for. */
  readonly onWait?: (wait: { runIds: readonly string[]; durationInMs: number }) => void;
  readonly onProgress?: (progress: { done: number }) => void;
}

/**
 * What `undoRun` would do, photo by photo: no call is made. Earlier photos that would be enrolled again are looked for in
 * the archive.
 * @throws UsageError for a run that is not over, and with another account's credentials
 */
export async function* previewUndo(
  rollcall: UndoTools,
  record: RunRecord,
  { signal }: Pick<UndoOptions, 'signal'>,
): AsyncGenerator<UndoLine> {
  const scene = await openUndoScene(rollcall, record, signal);
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
    return linesOf(plan, record, missing ? { status: 'impossible', ...missing } : endOf(plan));
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
  { signal, onWait = () => {}, onProgress = () => {} }: UndoOptions,
): Promise<UndoEnd> {
  const { state, settings } = rollcall;
  const scene = await openUndoScene(rollcall, record, signal);
  const writer = createUndoWriter(state, record.id);
  let waitsFor: string | undefined;
  try {
    await resumeFixedAccount(scene.backend.accounts, record.account);
    await scene.ready();
    await scene.hold(async () => {
      await waitForCallers({
        ...{ state, presence: scene.backend.presence, accounts: scene.accounts, listedAt: Date.now() },
        ...{ timeoutInMs: settings.timeout, signal, onWait },
      });
      waitsFor = await reverseAll();
    });
  } finally {
    await writer.close();
    await scene.close();
  }
  const counts = await countUndone(readUndoLines(state, record.id));
  await writeRunRecord(state, { ...record, undone: { at: new Date().toISOString(), ...counts.byStatus } });
  return { run: record.id, ...counts, ...(waitsFor !== undefined && { waitsFor }) };

  async function reverseAll(): Promise<string | undefined> {
    const inTurn = pLimit(settings.concurrency);
    let done = 0;
    try {
      for await (const plans of planUndo(await scene.planOptions())) {
        await noteIntention(state, { record, plans: plans.filter(({ decision }) => isCalling(decision)) });
        const stop = new AbortController();
        const ends = await Promise.allSettled(
          plans.map((plan, index) =>
            inTurn(async () => {
              stop.signal.throwIfAborted();
              // The first that fails stops the others.
              const end = await reverse(plan, index).catch((error) => {
                stop.abort(error);
                throw error;
              });
              await writer.append(linesOf(plan, record, end));
              done += plan.lines.length;
              onProgress({ done });
            }),
          ),
        );
        signal.throwIfAborted();
        const fault = ends.find((end) => end.status === 'rejected')?.reason;
        if (fault instanceof AccountPausedError) return fault.pause.message;
        if (fault !== undefined) throw fault;
      }
      return undefined;
    } finally {
      await noteUndone(state, record);
    }
  }

  async function reverse(plan: TemplatePlan, index: number): Promise<End> {
    const { decision, templateId } = plan;
    const name = `undo/${record.id}/${plan.lines[0]?.seq ?? index}`;
    switch (decision.kind) {
      case 'delete': {
        const { restoring, deleteTemplate } = scene;
        const { runId } = restoring;
        const end = await eraseTemplate({
          ...{
            context: restoring,
            runId,
            deleteTemplate,
            templateId,
            name,
            retries: settings,
            signal: scene.signal,
          },
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

const isCalling = ({ kind }: TemplatePlan['decision']) => kind === 'delete' || kind === 'restore';

interface End {
  readonly status: UndoStatus;
  readonly reason: UndoReason;
  readonly message?: string | undefined;
  readonly by?: string | undefined;
  readonly isUnproven?: true | undefined;
  readonly transactionId?: string | undefined;
}

/** How it ends where every call succeeds. */
function endOf({ decision }: TemplatePlan): End {
  switch (decision.kind) {
    case 'delete':
      return {
        status: 'reversed',
        reason: 'deleted',
        ...(decision.isUnproven && { isUnproven: true as const }),
      };
    case 'restore':
      return { status: 'reversed', reason: 'restored' };
    case 'gone':
      return { status: 'reversed', reason: 'gone' };
    case 'kept':
      return { status: 'kept', reason: decision.reason, by: decision.by };
    case 'impossible':
      return { status: 'impossible', reason: decision.reason };
  }
}

function linesOf({ lines, templateId, decision }: TemplatePlan, { id }: RunRecord, end: End): UndoLine[] {
  const { status, reason, message, by, isUnproven, transactionId } = end;
  const at = new Date().toISOString();
  return lines.map(({ seq, subjectId, photo }: StoredLine) => ({
    schema: undoSchemaName,
    ...{ run: id, seq, subjectId, photo, templateId, status, reason },
    ...(message !== undefined && { message }),
    ...(by !== undefined && { by }),
    ...(isUnproven && { isUnproven }),
    ...(decision.kind === 'restore' && { earlier: withReplaced(decision) }),
    ...(decision.kind === 'impossible' && decision.earlier && { earlier: decision.earlier }),
    ...(transactionId !== undefined && { transactionId }),
    at,
  }));
}

/** As an event of its own call: whoever only saw it again is not asked for. */
function withReplaced({ earlier, replaced }: Extract<TemplatePlan['decision'], { kind: 'restore' }>) {
  const { seenAt, run, replaced: _, ...rest } = earlier;
  return {
    ...rest,
    ...(run !== undefined && seenAt === undefined && { run }),
    ...(replaced !== undefined && { replaced }),
  };
}
