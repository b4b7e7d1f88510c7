import { type Stringifier, stringify } from 'csv-stringify';
import type { ReportLine } from '../report/report-line.ts';
import type { Decision } from './decision.ts';

const columns = [
  'seq',
  'action',
  'reason',
  'file',
  'rotate',
  'crop',
  'subjectId',
  'photo',
  'status',
  'errorKind',
  'errorCode',
  'errorMessage',
  'decided',
  'decidedReason',
  'by',
  'at',
];

/**
 * Dead letters and what was decided of them as CSV, for whoever must take a new photo. The columns that `rollcall review`
 * reads come first and are empty.
 * Cells that a spreadsheet would run as a formula are escaped.
 */
export const createDecisionsCsv = (): Stringifier =>
  stringify({ header: true, columns, escape_formulas: true });

export function toDecisionRow(line: ReportLine, decision: Decision | undefined): Record<string, unknown> {
  const { seq, subjectId, photo, status, error } = line;
  const { action, reason, by, at } = decision ?? {};
  return {
    ...{ seq, subjectId, photo, status, by, at },
    errorKind: error?.kind,
    errorCode: error?.code,
    errorMessage: error?.message,
    decided: action,
    decidedReason: reason,
  };
}
