import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contentMark } from '../../src/ledger/known-folders.ts';
import type { Outcome } from '../../src/records/report/report-line.ts';
import {
  assertNotForgotten,
  forgottenOutcome,
  SubjectForgottenError,
} from '../../src/worker/assert-not-forgotten.ts';
import { finishEnrolled, finishOutcome } from '../../src/worker/finish-outcome.ts';
import type { AttemptState } from '../../src/worker/judge-reply.ts';
import { judgeOtherFolder } from '../../src/worker/other-folder.ts';
import { workAgain } from '../../src/worker/photo-task.ts';

const now = Date.parse('2026-11-28T12:00:00.000Z');
const at = new Date(now).toISOString();
const fresh: AttemptState = { attempts: 1, calls: 1, reads: 0, storedUnknown: false };

describe('the outcome of a photo', () => {
  beforeEach(() => void vi.useFakeTimers({ now }));
  afterEach(() => void vi.useRealTimers());

  it('holds the answer, what was read of the photo, and when it ended; nothing that says nothing', () => {
    const answer = { status: 'enrolled', stored: 'yes', templateId: 't' } as const;
    expect(finishOutcome(answer, fresh)).toEqual({ ...answer, attempts: 1, finishedAt: at });
    const original = { sizeInBytes: 7, sha256: 'aa', version: 'v' };
    expect(finishOutcome(answer, fresh, original)).toEqual({
      ...answer,
      ...original,
      attempts: 1,
      finishedAt: at,
    });
  });

  it.each<[Pick<Outcome, 'warnings'>, Pick<Outcome, 'warnings'>, Outcome['warnings']]>([
    [{}, {}, undefined],
    [{ warnings: ['cut-off'] }, {}, ['cut-off']],
    [{}, { warnings: ['template-shared'] }, ['template-shared']],
    [{ warnings: ['cut-off'] }, { warnings: ['template-shared'] }, ['cut-off', 'template-shared']],
  ])('has the warnings of the photo %o, then of the answer %o', (original, answer, warnings) => {
    const outcome = finishOutcome({ status: 'enrolled', ...answer }, fresh, original);
    expect(outcome).toEqual({
      status: 'enrolled',
      ...(warnings && { warnings }),
      attempts: 1,
      finishedAt: at,
    });
  });

  it.each([
    [{ startedAt: new Date(now - 1_500).toISOString() }, { durationInMs: 1_500 }],
    // The clock was set back.
    [{ startedAt: new Date(now + 1_500).toISOString() }, { durationInMs: 0 }],
    [{}, {}],
    [{ attempts: 2, calls: 2 }, { attempts: 2 }],
    [
      { attempts: 2, calls: 5 },
      { attempts: 2, calls: 5 },
    ],
    [{ attempts: 0, calls: 0 }, { attempts: 0 }],
    [{ identifications: 0 }, {}],
    [{ identifications: 3 }, { identifications: 3 }],
  ])('counts what was tried: %o', (tries, expected) => {
    const outcome = finishOutcome({ status: 'failed' }, { ...fresh, ...tries });
    expect(outcome).toEqual({ status: 'failed', attempts: 1, finishedAt: at, ...expected });
  });
});

describe('the outcome of a photo that was enrolled and looked for', () => {
  const enrolled: Outcome = { status: 'enrolled', stored: 'yes', attempts: 1, finishedAt: at };
  const matched = { matched: true, similarity: 1 };
  it.each<[string, Partial<Outcome>, Outcome['verification'], object]>([
    ['found', {}, matched, { verification: matched }],
    [
      'not found',
      {},
      { matched: false },
      { verification: { matched: false }, warnings: ['not-found-again'] },
    ],
    ['not looked for', {}, undefined, { warnings: ['not-verified'] }],
    ['odd and found', { warnings: ['cut-off'] }, matched, { verification: matched, warnings: ['cut-off'] }],
    [
      'odd and not looked for',
      { warnings: ['cut-off'] },
      undefined,
      { warnings: ['cut-off', 'not-verified'] },
    ],
  ])('%s: is that of its enrollment, with what came of it', (_, more, verification, expected) => {
    const tries = { ...fresh, calls: 3, identifications: 2 };
    expect(finishEnrolled({ ...enrolled, ...more }, tries, verification)).toEqual({
      ...enrolled,
      calls: 3,
      identifications: 2,
      ...expected,
    });
  });
});

describe('a subject that is to be forgotten', () => {
  const none = new AbortController().signal;
  const ask = (refusal: 'forgotten' | 'template-erased' | undefined) =>
    assertNotForgotten({ refusalOf: async () => refusal }, { subjectId: 's', templateId: 't' }, none);

  it('is not called for, and the error says which list names it', async () => {
    await expect(ask(undefined)).resolves.toBeUndefined();
    for (const refusal of ['forgotten', 'template-erased'] as const) {
      const error = await ask(refusal).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(SubjectForgottenError);
      expect(error).toMatchObject({ refusal, message: refusal });
    }
  });

  it.each(['forgotten', 'template-erased'] as const)(
    '%s: nothing is said of what the engine holds but where a call was left without an answer',
    (refusal) => {
      const sure = forgottenOutcome(fresh, { templateId: 't', refusal });
      expect(sure).toMatchObject(
        refusal === 'forgotten' ? { status: 'skipped', reason: 'forgotten' } : { status: 'failed' },
      );
      expect(sure).not.toHaveProperty('templateId');
      const unsure = forgottenOutcome({ ...fresh, storedUnknown: true }, { templateId: 't', refusal });
      expect(unsure).toEqual({ ...sure, stored: 'unknown', templateId: 't' });
    },
  );
});

describe('a photo whose id was enrolled from another folder', () => {
  const otherFolder = { contents: [contentMark('aa'), contentMark('bb')], folder: '/a', at };
  const tries = { ...fresh, calls: 0 };
  const judge = (more: object, sha256?: string) =>
    judgeOtherFolder({ subjectId: '7', tries, otherFolder: { ...otherFolder, ...more } }, sha256);

  it('is the same person where its content is', () => {
    expect([judge({}, 'aa'), judge({}, 'bb')]).toEqual([undefined, undefined]);
    expect(judgeOtherFolder({ subjectId: '7', tries }, 'cc')).toBeUndefined();
  });

  it('is set aside where it is not, or nobody can tell', () => {
    for (const sha256 of ['cc', undefined])
      expect(judge({}, sha256)).toMatchObject({
        collision: {
          status: 'failed',
          stored: 'no',
          error: { kind: 'collision', message: expect.stringContaining('from /a, another folder, with') },
        },
      });
    const { folder: _, ...unknown } = otherFolder;
    const message = JSON.stringify(judgeOtherFolder({ subjectId: '7', tries, otherFolder: unknown }, 'cc'));
    expect(message).toContain('7 was enrolled from another folder with another picture on 2026-11-28:');
  });

  it('is warned of where an earlier version did not note whence the id came', () => {
    expect(judge({ isUnsure: true }, 'cc')).toEqual({ warning: 'other-folder' });
  });

  it('is not judged again once it was called', () => {
    const called = { subjectId: '7', tries: { ...tries, calls: 1 }, otherFolder };
    expect(judgeOtherFolder(called, 'cc')).toBeUndefined();
  });
});

it('a photo goes back to the queue with what was tried, behind the others where that is asked for', () => {
  const data = { run: 'r', seq: 1, subjectId: 's', photo: '/p', queuedAt: at, tries: fresh };
  const tries = { ...fresh, attempts: 4 };
  expect(workAgain({ data, tries }, 30)).toEqual({ again: { delayInMs: 30, data: { ...data, tries } } });
  expect(workAgain({ data, tries }, 0, true)).toMatchObject({ again: { isLast: true } });
});
