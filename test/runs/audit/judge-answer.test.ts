import { describe, expect, it } from 'vitest';
import { judgeAnswer } from '../../../src/runs/audit/judge-answer.ts';
import type { Answer, AnsweredSubject } from '../../../src/runs/audit/plan.ts';

const threshold = 0.75;
const best = (templateId: string, similarity: number) => ({ best: { templateId, similarity } });

const judge = (answer: Partial<Answer>, more: Partial<AnsweredSubject> = {}) =>
  judgeAnswer(
    {
      seq: 1,
      about: 'held',
      subjectId: 'ann',
      templateId: 'own',
      sha256: 'a',
      ...more,
      answer: { finishedAt: '2026-11-22T03:22:41.007Z', ...answer },
    },
    { threshold, isOwn: (templateId) => templateId === 'former' },
  );

describe('what an answer says of a subject', () => {
  it.each<[string, Partial<Answer>, string]>([
    ['its template shows it', { verified: 'same' }, 'present'],
    ['it has no template', { verified: 'no-template' }, 'missing'],
    ['its template shows somebody else, nobody answers', { verified: 'other', best: null }, 'changed'],
    ['and nobody was looked for', { verified: 'other' }, 'changed'],
    ['and somebody below the threshold', { verified: 'other', ...best('bert', 0.7) }, 'changed'],
    ['and its own below it', { verified: 'other', ...best('own', 0.7) }, 'changed'],
    ['and another one answers', { verified: 'other', ...best('bert', 0.75) }, 'shadowed'],
    ['and it answers itself', { verified: 'other', ...best('own', 0.75) }, 'unknown contradiction'],
    ['found as itself', best('own', 0.75), 'present'],
    ['found as itself in capitals of a UUID', best('OWN', 0.9), 'shadowed'],
    ['found as itself, hardly alike', best('own', 0.74), 'changed'],
    ['found as somebody else', best('bert', 0.75), 'shadowed'],
    ['found under another template of its own', best('former', 0.75), 'present'],
    ['somebody else is hardly alike', best('bert', 0.74), 'missing'],
    ['nobody is named', { best: null }, 'missing'],
    ['no photo', { reason: 'photo-gone' }, 'unknown photo-gone'],
    ['a second call without an answer', { verified: 'other', reason: 'no-answer' }, 'unknown no-answer'],
  ])('%s', (_, answer, verdict) => {
    const { status, reason } = judge(answer);
    expect(reason === undefined ? status : `${status} ${reason}`).toBe(verdict);
  });

  it.each(['forgotten', 'undone'] as const)('of somebody %s, who must not be found', (about) => {
    const of = (answer: Partial<Answer>) => judge(answer, { about, sha256: undefined });
    expect(of({ verified: 'no-template' })).toEqual({ status: `${about}-gone` });
    expect(of({ best: null })).toEqual({ status: `${about}-gone` });
    for (const answer of [{ verified: 'same' } as const, { verified: 'other' } as const, best('own', 0.1)])
      expect(of(answer)).toEqual({ status: `${about}-found` });
    expect(of(best('bert', 0.9))).toEqual({ status: 'unknown', reason: 'no-answer' });
  });

  it('is believed without a SHA-256 only where it speaks for the subject', () => {
    expect(judge({ verified: 'same' }, { sha256: undefined })).toEqual({ status: 'present' });
    for (const answer of [{ best: null }, { verified: 'other' } as const, best('bert', 0.9)])
      expect(judge(answer, { sha256: undefined })).toEqual({ status: 'unknown', reason: 'not-comparable' });
  });

  it.each<[string, Partial<Answer>, string]>([
    ['no template', { verified: 'no-template' }, 'forgotten-gone'],
    ['one that shows somebody else', { verified: 'other' }, 'forgotten-found'],
    ['one that shows it', { verified: 'same' }, 'forgotten-found'],
    ['found as itself, however little alike', best('own', 0.1), 'forgotten-found'],
    ['somebody else stands before it', best('bert', 0.8), 'unknown no-answer'],
    ['somebody else is hardly alike', best('bert', 0.3), 'forgotten-gone'],
    ['nobody is named', { best: null }, 'forgotten-gone'],
    ['no photo', { reason: 'photo-gone' }, 'unknown photo-gone'],
  ])('of somebody who is forgotten: %s', (_, answer, verdict) => {
    const { status, reason } = judge(answer, { about: 'forgotten' });
    expect(reason === undefined ? status : `${status} ${reason}`).toBe(verdict);
  });
});
