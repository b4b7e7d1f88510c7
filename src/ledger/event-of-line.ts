import type { ReportLine } from '../records/report-line.ts';
import { followsFromSubject } from '../util/template-id.ts';
import { type LedgerEvent, ledgerSchemaName } from './ledger-event.ts';

/** What the ledger is to remember of a photo's line, if anything. Pure. */
export function eventOfLine(
  line: ReportLine,
  { source, required }: { source: string; required: readonly string[] },
): LedgerEvent | undefined {
  const { subjectId, photo, finishedAt } = line;
  if (subjectId === undefined || photo === undefined) return undefined;
  const base = {
    schema: ledgerSchemaName,
    subjectId,
    photo,
    ...(line.version !== undefined && { version: line.version }),
    ...(line.sha256 !== undefined && { sha256: line.sha256 }),
  } as const;
  const checks = required.length > 0 ? { required: [...required].sort() } : {};
  const unclear = (): LedgerEvent | undefined =>
    line.stored === 'unknown'
      ? { ...base, kind: 'unclear', ...templateOf(line), at: finishedAt, source }
      : undefined;
  switch (line.status) {
    case 'enrolled':
      return { ...base, kind: 'enrolled', ...templateOf(line), ...checks, at: finishedAt, source };
    case 'rejected': {
      const { stored = 'unknown', error } = line;
      // No engine said it, and to look again costs no call: nothing is remembered of it.
      if (error?.kind === 'preflight') return unclear();
      const code = error?.code === undefined ? {} : { code: error.code };
      return { ...base, kind: 'rejected', ...templateOf(line), ...code, stored, at: finishedAt, source };
    }
    case 'skipped': {
      // A worker read it and found the bytes that are enrolled already, under a version or address that was not known.
      const { enrolledAt, sha256, templateId } = line;
      if (line.reason !== 'unchanged' || !enrolledAt || !sha256 || !templateId) return undefined;
      const times = { at: enrolledAt, seenAt: finishedAt };
      return { ...base, kind: 'enrolled', ...templateOf(line), ...checks, ...times, source };
    }
    default:
      return unclear();
  }
}

function templateOf({ engine, subjectId = '', templateId, warnings }: ReportLine) {
  if (templateId === undefined) return {};
  if (warnings?.includes('template-id-differs')) return { templateId, templateIdFrom: 'engine' } as const;
  if (followsFromSubject({ engine, subjectId, templateId })) return { templateId };
  return { templateId, templateIdFrom: 'manifest' } as const;
}
