import { readSpent, type SpendingTerms } from '../../account/spending.ts';
import { type AuditLine, isFinding } from '../../records/audit/audit-line.ts';
import {
  type AuditRecord,
  answersPathOf,
  auditMoneyFolderOf,
  auditPathOf,
  writeAuditSummary,
} from '../../records/audit/audit-record.ts';
import { type AuditSummary, chosenOf } from '../../records/audit/audit-summary.ts';
import { createSeqBitmap } from '../../records/report/seq-bitmap.ts';
import { FaultError } from '../../util/errors.ts';
import { subjectKey } from '../../util/subject-id.ts';
import { isSameTemplate } from '../../util/template-id.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { judgeAnswer } from './judge-answer.ts';
import { lookAgain, type SecondLook } from './look-again.ts';
import { confidence, missingAtMost } from './missing-at-most.ts';
import { type AnsweredSubject, readAnswers } from './plan.ts';

/** Writes the lines of an audit whose subjects were all asked, and then its summary; harmless when done again. */
export async function concludeAudit(
  rollcall: Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>,
  record: AuditRecord,
  { terms, signal }: { terms: SpendingTerms; signal: AbortSignal },
): Promise<AuditSummary> {
  const { state } = rollcall;
  const look = await lookAgain(rollcall, { id: record.id, threshold: record.threshold, signal });
  const tally = createTally();
  const writer = await state.openWriter(auditPathOf(record.id));
  try {
    let text = '';
    const flush = async () => {
      const batch = text;
      text = '';
      if (batch !== '') await writer.write(batch);
    };
    const seen = createSeqBitmap();
    for await (const answered of readAnswers(state, record.id)) {
      // Written twice by a process that had lost its turn and did not know yet.
      if (!seen.add(answered.seq)) continue;
      const line = lineOf(answered, { audit: record.id, threshold: record.threshold, look });
      tally.add(line);
      text += `${JSON.stringify(line)}\n`;
      if (text.length >= batchSize) await flush();
    }
    await flush();
    assertWhole(tally.end().total, record, state.locate(answersPathOf(record.id)));
    await writer.commit();
  } finally {
    await writer.discard();
  }
  const money = await readSpent(state, auditMoneyFolderOf(record.id), terms);
  const summary = { ...summaryOf(record, tally.end()), ...(money && { money }) };
  await writeAuditSummary(state, summary);
  return summary;
}

const batchSize = 256 * 1024;

/** What somebody removed under it must not look like an account without faults. */
function assertWhole(total: number, { population }: AuditRecord, path: string): void {
  const chosen = chosenOf(population);
  if (total === chosen) return;
  throw new FaultError('state', `${path} has ${total} answers for ${chosen} subjects: start another audit.`);
}

/** Pure. */
export function lineOf(
  answered: AnsweredSubject,
  { audit, threshold, look }: { audit: string; threshold: number; look: SecondLook },
): AuditLine {
  const { seq, about, subjectId, photo, version, templateId, templateIdFrom, answer } = answered;
  const { source, run, enrolledAt } = answered;
  const { best, error, transactionId, verifications, identifications, finishedAt } = answer;
  const isOwn = (other: string) => {
    const owner = look.ownerOf(other);
    return owner !== undefined && subjectKey(owner) === subjectKey(subjectId);
  };
  const isOthers = about === 'undone' && look.takenBy(answered) !== undefined;
  const judged =
    isOthers || look.isOvertaken({ ...answered, finishedAt })
      ? ({ status: 'unknown', reason: 'overtaken' } as const)
      : judgeAnswer(answered, { threshold, isOwn });
  // Enrolled anew, it would replace whoever has its template now.
  const isLost = judged.status === 'missing' || judged.status === 'changed';
  const taker = isLost ? look.takenBy(answered) : undefined;
  const verdict = taker === undefined ? judged : ({ status: 'shadowed' } as const);
  const isPlanned = best && isSameTemplate(best.templateId, templateId);
  const similarity = answer.similarity ?? (isPlanned ? best.similarity : undefined);
  // Whoever is gone is not to be named in yet another file.
  const named =
    verdict.status === 'forgotten-gone'
      ? {}
      : {
          subjectId,
          ...(photo !== undefined && { photo }),
          ...(version !== undefined && { version }),
          templateId,
        };
  return {
    ...{ schema: 'rollcall.audit/1', audit, seq, about },
    ...named,
    ...(templateIdFrom !== undefined && { templateIdFrom }),
    ...(source !== undefined && { source }),
    ...(run !== undefined && { run }),
    ...(enrolledAt !== undefined && { enrolledAt }),
    ...verdict,
    ...(similarity !== undefined && { similarity }),
    ...(taker !== undefined && {
      answeredBy: { templateId, similarity: similarity ?? 0, subjectId: taker },
    }),
    ...(best &&
      !isPlanned &&
      best.similarity >= threshold && { answeredBy: answererOf(subjectId, best, look) }),
    ...(error !== undefined && { error }),
    ...(transactionId !== undefined && { transactionId }),
    ...(verifications !== undefined && { verifications }),
    ...(identifications !== undefined && { identifications }),
    finishedAt,
  };
}

function answererOf(
  subjectId: string,
  { templateId, similarity }: { templateId: string; similarity: number },
  look: SecondLook,
): NonNullable<AuditLine['answeredBy']> {
  const owner = look.ownerOf(templateId);
  return {
    templateId,
    similarity,
    ...(owner !== undefined && { subjectId: owner }),
    ...(look.isErased({ subjectId, templateId }) && { forgotten: true }),
  };
}

type Tally = Pick<
  AuditSummary,
  'total' | 'byStatus' | 'byReason' | 'findings' | 'verifications' | 'identifications'
>;

function createTally() {
  const tally = { total: 0, findings: 0, verifications: 0, identifications: 0 };
  const byStatus: AuditSummary['byStatus'] = {};
  const byReason: AuditSummary['byReason'] = {};
  /** Of those who must not be found, about whom no bound says anything. */
  let goneUnknown = 0;
  return {
    add(line: AuditLine): void {
      tally.total += 1;
      tally.verifications += line.verifications ?? 0;
      tally.identifications += line.identifications ?? 0;
      byStatus[line.status] = (byStatus[line.status] ?? 0) + 1;
      if (line.reason !== undefined) byReason[line.reason] = (byReason[line.reason] ?? 0) + 1;
      if (isFinding(line)) tally.findings += 1;
      if (line.status === 'unknown' && line.about !== 'held' && line.reason !== 'overtaken') goneUnknown += 1;
    },
    end: () => ({ ...tally, byStatus, byReason, goneUnknown }),
  };
}

/** Pure. */
function summaryOf(
  record: AuditRecord,
  { goneUnknown, ...tally }: Tally & { goneUnknown: number },
): AuditSummary {
  const { id, engine, engineUrl, account, sample, seed, threshold, createdAt, population } = record;
  return {
    schema: 'rollcall.audit-summary/1',
    audit: id,
    ...{ engine, engineUrl, account, sample, seed, threshold, createdAt },
    finishedAt: new Date().toISOString(),
    ...tally,
    population,
    ...boundOf(tally, { held: population.held, goneUnknown }),
  };
}

/** Shadowed ones are not proven to be there: they count as missing. */
function boundOf(
  { byStatus, byReason }: Tally,
  { held, goneUnknown }: { held: number; goneUnknown: number },
): Pick<AuditSummary, 'bound'> {
  const { present = 0, missing: gone = 0, changed = 0, shadowed = 0, unknown = 0 } = byStatus;
  const { overtaken = 0 } = byReason;
  const missing = gone + changed + shadowed;
  const judged = present + missing;
  if (judged === 0) return {};
  const population = Math.max(held, judged);
  const unjudged = unknown - overtaken - goneUnknown;
  const share = (count: { missing: number; judged: number }) =>
    missingAtMost({ ...count, population }) / population;
  return {
    bound: {
      atMost: share({ missing, judged }),
      confidence,
      ...{ judged, missing, of: population },
      ...(unjudged > 0 && {
        atMostWithUnknown: share({ missing: missing + unjudged, judged: judged + unjudged }),
      }),
    },
  };
}
