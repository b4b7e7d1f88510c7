import type { RunRecord } from '../../records/run-record.ts';
import {
  type UndoLine,
  type UndoReason,
  type UndoStatus,
  undoSchemaName,
} from '../../records/undo/undo-line.ts';
import type { StoredLine } from './decide-template.ts';
import type { TemplatePlan } from './plan-undo.ts';

type Calling = Extract<TemplatePlan['decision'], { kind: 'delete' | 'restore' }>;
export const isCalling = (decision: TemplatePlan['decision']): decision is Calling =>
  decision.kind === 'delete' || decision.kind === 'restore';
export const kindOf = ({ kind }: Calling) => (kind === 'delete' ? 'delete' : 'enroll');

export interface TemplateUndone {
  readonly status: UndoStatus;
  readonly reason: UndoReason;
  readonly message?: string | undefined;
  readonly by?: string | undefined;
  readonly isUnproven?: true | undefined;
  readonly transactionId?: string | undefined;
}

/** How it ends where every call succeeds. */
export function endOf({ decision }: TemplatePlan): TemplateUndone {
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

export function linesOf(
  { lines, templateId, decision }: TemplatePlan,
  { id }: RunRecord,
  end: TemplateUndone,
): UndoLine[] {
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
