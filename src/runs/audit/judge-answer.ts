import type { AuditLine } from '../../records/audit/audit-line.ts';
import { isSameTemplate } from '../../util/template-id.ts';
import type { AnsweredSubject } from './plan.ts';

export type Verdict = Pick<AuditLine, 'status' | 'reason'>;

/**
 * What an answer says of a subject. Pure.
 *
 * | verification says | the best match | of a subject that is held | of a forgotten or undone one |
 * |---|---|---|---|
 * | same | | present | found |
 * | no template | | missing | gone |
 * | somebody else | its own, at or above the threshold | unknown: a contradiction | found |
 * | somebody else | another, at or above the threshold | shadowed | found |
 * | somebody else | any other, or not asked for | changed | found |
 * | not asked | its own, at or above the threshold | present | found |
 * | not asked | its own, below | changed | found |
 * | not asked | another, at or above the threshold | shadowed; present where that is the subject's as well | unknown |
 * | not asked | another below, or none | missing | gone |
 *
 * @param isOwn whether the ledger gives a template to the subject, besides the one that was planned
 */
export function judgeAnswer(
  { about, templateId, sha256, answer }: AnsweredSubject,
  { threshold, isOwn }: { threshold: number; isOwn: (templateId: string) => boolean },
): Verdict {
  const { best, verified, reason } = answer;
  if (about !== 'held') {
    const { gone, found } = { gone: `${about}-gone`, found: `${about}-found` } as const;
    if (verified !== undefined) return { status: verified === 'no-template' ? gone : found };
    if (reason !== undefined) return { status: 'unknown', reason };
    if (best && isSameTemplate(best.templateId, templateId)) return { status: found };
    // Somebody who looks alike stands before it.
    if (best && best.similarity >= threshold) return { status: 'unknown', reason: 'no-answer' };
    return { status: gone };
  }
  if (reason !== undefined) return { status: 'unknown', reason };
  const verdict = judgeHeld();
  // Perhaps it is another photo than the one that was enrolled.
  if (sha256 === undefined && verdict.status !== 'present')
    return { status: 'unknown', reason: 'not-comparable' };
  return verdict;

  function judgeHeld(): Verdict {
    if (verified === 'same') return { status: 'present' };
    if (verified === 'no-template') return { status: 'missing' };
    const answers = best && best.similarity >= threshold;
    const isPlanned = best && isSameTemplate(best.templateId, templateId);
    if (verified === 'other') {
      if (!answers) return { status: 'changed' };
      return isPlanned ? { status: 'unknown', reason: 'contradiction' } : { status: 'shadowed' };
    }
    if (isPlanned) return { status: answers ? 'present' : 'changed' };
    if (!answers) return { status: 'missing' };
    return { status: isOwn(best.templateId) ? 'present' : 'shadowed' };
  }
}
