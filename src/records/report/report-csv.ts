import { type Stringifier, stringify } from 'csv-stringify';
import type { ReportLine } from './report-line.ts';

const columns = [
  'seq',
  'row',
  'subjectId',
  'photo',
  'version',
  'status',
  'stored',
  'reason',
  'errorKind',
  'errorCode',
  'errorReasons',
  'errorMessage',
  'httpStatus',
  'engine',
  'templateId',
  'transactionId',
  'matchTemplateId',
  'matchSimilarity',
  'verified',
  'verifiedSimilarity',
  'attempts',
  'sizeInBytes',
  'sha256',
  'queuedAt',
  'finishedAt',
  'durationInMs',
  'warnings',
];

/** Report lines as CSV. Cells that a spreadsheet would run as a formula are escaped. */
export function createReportCsv(): Stringifier {
  return stringify({ header: true, columns, escape_formulas: true });
}

export function toCsvRow(line: ReportLine): Record<string, unknown> {
  const { error, match, verification } = line;
  return {
    ...line,
    errorKind: error?.kind,
    errorCode: error?.code,
    errorReasons: error?.reasons?.join(' '),
    errorMessage: error?.message,
    httpStatus: error?.httpStatus,
    matchTemplateId: match?.templateId,
    matchSimilarity: match?.similarity,
    verified: verification && String(verification.matched),
    verifiedSimilarity: verification?.similarity,
    warnings: line.warnings?.join(' '),
  };
}
