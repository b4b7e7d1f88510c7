import type { LedgerEvent } from '../../ledger/ledger-event.ts';
import type { ReportLine } from '../../records/report/report-line.ts';
import type { undoReasons } from '../../records/undo/undo-line.ts';
import { type Mark, type Touch, timelineOf } from './template-history.ts';

type Kept = (typeof undoReasons.kept)[number];
type Impossible = (typeof undoReasons.impossible)[number];

/** What is to be done about what a run stored under one template. */
export type Decision =
  | { readonly kind: 'delete'; readonly isUnproven: boolean }
  /** `replaced`: whether there was something before the earlier one, too. */
  | { readonly kind: 'restore'; readonly earlier: LedgerEvent; readonly replaced: LedgerEvent['replaced'] }
  /** Taken back already. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'kept'; readonly reason: Kept; readonly by?: string | undefined }
  | { readonly kind: 'impossible'; readonly reason: Impossible; readonly earlier?: LedgerEvent };

/** A photo that a run stored, or may have. */
export type StoredLine = Pick<
  ReportLine,
  | 'seq'
  | 'photo'
  | 'finishedAt'
  | 'stored'
  | 'replaced'
  | 'templateId'
  | 'warnings'
  | 'version'
  | 'sha256'
  | 'error'
> & { readonly subjectId: string; readonly photo: string; readonly templateId: string };

export interface TemplateQuestion {
  readonly run: string;
  /** Of the run, all for this template. */
  readonly lines: readonly StoredLine[];
  /** All that is known of the template, in any order. */
  readonly marks: readonly Mark[];
  /** Who gave the id: it follows from the subject, or the list or the engine named it. */
  readonly idFrom: 'subject' | 'list' | 'engine';
  /** Another run that is not over and has yet to do a photo for this template. */
  readonly awaitedBy?: string | undefined;
  /** Whether one of the lines' subjects is on the forget list. */
  readonly isForgotten: boolean;
  readonly isEarlierForgotten: (subjectId: string) => boolean;
  readonly canDelete: boolean;
}

/** Pure: who holds the template now, and what was there before. */
export function decideTemplate(question: TemplateQuestion): Decision {
  const { run, lines, marks, awaitedBy, isForgotten } = question;
  if (isForgotten) return { kind: 'kept', reason: 'forgotten' };
  if (lines.some(isUnclear)) return { kind: 'impossible', reason: 'unclear-template' };
  const timeline = timelineOf(marks);
  const last = timeline.at(-1);
  if (!last) return { kind: 'impossible', reason: 'not-in-ledger' };
  if (last.kind === 'emptied')
    return last.run === run ? { kind: 'gone' } : { kind: 'kept', reason: 'erased' };
  if (isOfEarlierVersion(last, lines)) return { kind: 'impossible', reason: 'earlier-version' };
  if (last.run !== run) return { kind: 'kept', reason: 'other-run', by: last.run };
  if (awaitedBy !== undefined) return { kind: 'kept', reason: 'other-run', by: awaitedBy };
  return decideOwn(question, timeline);
}

function decideOwn(question: TemplateQuestion, timeline: readonly Mark[]): Decision {
  const { run, lines, idFrom, canDelete, isEarlierForgotten } = question;
  const own = timeline.filter((mark): mark is Touch => mark.kind === 'touch' && mark.run === run);
  const others = timeline.filter((mark) => mark.kind === 'emptied' || mark.run !== run);
  const before = others.at(-1);
  const firstAt = Math.min(...lines.map(({ finishedAt }) => Date.parse(finishedAt)));
  const first = lines.find(({ finishedAt }) => Date.parse(finishedAt) === firstAt);
  const isProven = first?.replaced === 'none' && (before === undefined || before.at < firstAt);
  const remove = (isUnproven: boolean): Decision =>
    canDelete ? { kind: 'delete', isUnproven } : { kind: 'impossible', reason: 'no-deletion' };
  if (isProven || before?.kind === 'emptied') return remove(false);
  if (before === undefined) {
    const isKnownTaken =
      lines.some(({ replaced }) => replaced === 'some') || own.some(({ event }) => event.replaced === 'some');
    if (isKnownTaken) return { kind: 'impossible', reason: 'unknown-before' };
    if (idFrom !== 'subject')
      return { kind: 'impossible', reason: idFrom === 'list' ? 'given-id' : 'engine-id' };
    // Lost calls may have stored nothing: what is there may be another state's, and as it left it.
    const hasStored =
      lines.some(({ stored }) => stored === 'yes') || own.some(({ event }) => event.kind === 'enrolled');
    return hasStored ? remove(true) : { kind: 'impossible', reason: 'unclear-call' };
  }
  const { event: earlier } = before;
  if (isEarlierForgotten(earlier.subjectId)) return { kind: 'impossible', reason: 'earlier-forgotten' };
  const cannot = (reason: Impossible): Decision => ({ kind: 'impossible', reason, earlier });
  if (idFrom === 'engine') return cannot('engine-id');
  if (earlier.kind === 'unclear' || earlier.stored === 'unknown') return cannot('earlier-unclear');
  if (earlier.sha256 === undefined) return cannot('earlier-without-hash');
  const isFirst = others.every((mark) => mark.kind === 'emptied' || mark.run === before.run);
  return { kind: 'restore', earlier, replaced: isFirst ? earlier.replaced : 'some' };
}

/** The call of such a line is an event that does not say whose it was. */
const isOfEarlierVersion = ({ run, at, event }: Touch, lines: readonly StoredLine[]) =>
  run === undefined && lines.some((line) => Date.parse(line.finishedAt) === at && line.photo === event.photo);

/** The engine answered with an id that cannot be the photo's. */
const isUnclear = ({ warnings, error }: StoredLine) =>
  warnings?.includes('template-shared') || error?.kind === 'implausible';
