import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineReply, EnrolledReply, RefusedReply, RejectedReply } from '../../src/engines/engine.ts';
import {
  type AttemptState,
  chargedBefore,
  countReply,
  judgeReply,
  noteRefusal,
} from '../../src/worker/judge-reply.ts';

type Judged = Parameters<typeof judgeReply>[0]['reply'];

const fresh: AttemptState = { attempts: 0, calls: 0, reads: 0, storedUnknown: false };
const enrolled: EnrolledReply = { kind: 'enrolled', httpStatus: 200, templateId: 't' };
const rejected: RejectedReply = {
  kind: 'rejected',
  httpStatus: 400,
  code: '5',
  message: 'no face',
  reasons: ['a'],
  stored: 'no',
};
const unavailable: Judged = { kind: 'unavailable', httpStatus: 503, message: 'HTTP 503', sent: true };
const unsent: Judged = { kind: 'unavailable', message: 'refused', sent: false };
const throttled: Judged = { kind: 'throttled', httpStatus: 429, message: 'slow' };
const refused: RefusedReply = {
  kind: 'refused',
  certain: true,
  httpStatus: 401,
  message: 'no',
  fix: 'OOTO_APP_KEY',
};
const perhaps: EngineReply = {
  kind: 'refused',
  certain: false,
  httpStatus: 404,
  message: 'no',
  fix: 'the address',
};

const judge = (reply: Judged, more: Partial<Parameters<typeof judgeReply>[0]> = {}) =>
  judgeReply({
    reply,
    charged: true,
    tries: { ...fresh, attempts: 1, calls: 1 },
    maxAttempts: 5,
    required: [],
    templateIdSent: 't',
    ...more,
  });
const outcomeOf = (judgement: ReturnType<typeof judge>) =>
  judgement.kind === 'outcome' ? judgement.outcome : undefined;

describe('counting a reply', () => {
  it.each([
    ['enrolled', enrolled, true, { attempts: 1, calls: 1, storedUnknown: false }],
    ['unavailable, sent', unavailable, true, { attempts: 1, calls: 1, storedUnknown: true }],
    ['unavailable, never sent', unsent, true, { attempts: 1, calls: 1, storedUnknown: false }],
    [
      'unavailable while the engine is down',
      unavailable,
      false,
      { attempts: 0, calls: 1, storedUnknown: true },
    ],
    ['throttled', throttled, false, { attempts: 0, calls: 1, storedUnknown: false }],
    ['refused', refused, false, { attempts: 0, calls: 1, storedUnknown: false }],
  ] as const)('%s', (_, reply, charged, expected) => {
    expect(countReply(fresh, reply, charged)).toEqual({ ...fresh, ...expected });
  });

  it('never forgets that something may be stored', () => {
    const replies = fc.array(
      fc.constantFrom(enrolled, rejected, unavailable, unsent, throttled, refused, perhaps),
    );
    fc.assert(
      fc.property(replies, fc.infiniteStream(fc.boolean()), (all, charges) => {
        let tries = fresh;
        for (const reply of all) tries = countReply(tries, reply, charges.next().value ?? true);
        expect(tries.calls).toBe(all.length);
        expect(tries.attempts).toBeLessThanOrEqual(tries.calls);
        expect(tries.storedUnknown).toBe(all.includes(unavailable));
      }),
    );
  });
});

describe('a refusal that is to be judged', () => {
  const seen = { by: 'a', at: 3, call: 'enroll' } as const;

  it('is noted with who saw it, and whether it is the first', () => {
    const first = noteRefusal(fresh, refused, seen);
    expect(first).toEqual({
      ...fresh,
      refusedBefore: true,
      refusal: { ...seen, isRepeated: false, message: 'no', httpStatus: 401 },
    });
    const { httpStatus: _, ...unreached } = refused;
    expect(noteRefusal(first, unreached, seen).refusal).toEqual({ ...seen, isRepeated: true, message: 'no' });
  });

  it('keeps a verdict whose code no page knows', () => {
    const strange = { ...rejected, isUndocumented: true } as const;
    expect(noteRefusal({ ...fresh, storedUnknown: true }, strange, seen).refusal).toEqual({
      ...seen,
      isRepeated: false,
      message: 'no face',
      httpStatus: 400,
      verdict: {
        status: 'rejected',
        stored: 'unknown',
        error: { kind: 'rejected', code: '5', message: 'no face', httpStatus: 400, reasons: ['a'] },
      },
    });
  });
});

describe('judging a reply', () => {
  it.each([
    ['throttled', throttled, 'call-again'],
    ['unavailable', unavailable, 'try-later'],
    ['enrolled', enrolled, 'outcome'],
    ['rejected', rejected, 'outcome'],
  ] as const)('%s', (_, reply, kind) => {
    expect(judge(reply, { charged: reply === unavailable }).kind).toBe(kind);
  });

  it('is a failure exactly when the attempts are spent, and says what may be stored', () => {
    const tries = fc.record({
      attempts: fc.integer({ min: 1, max: 12 }),
      calls: fc.integer({ min: 1, max: 20 }),
      reads: fc.nat({ max: 3 }),
      storedUnknown: fc.boolean(),
    });
    fc.assert(
      fc.property(
        tries,
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        fc.constantFrom(unavailable, unsent),
        (tried, maxAttempts, charged, reply) => {
          const judgement = judge(reply, { tries: tried, maxAttempts, charged });
          if (!charged || tried.attempts < maxAttempts) {
            expect(judgement).toEqual({ kind: 'try-later', failures: tried.attempts });
            return;
          }
          expect(outcomeOf(judgement)).toMatchObject({
            status: 'failed',
            stored: tried.storedUnknown ? 'unknown' : 'no',
            error: { kind: 'unavailable', message: reply.message },
          });
          expect('templateId' in (outcomeOf(judgement) ?? {})).toBe(tried.storedUnknown);
        },
      ),
    );
  });

  it('keeps the engine’s verdict with its code, info and reasons; what was stored before remains unknown', () => {
    expect(outcomeOf(judge(rejected))).toEqual({
      status: 'rejected',
      stored: 'no',
      error: { kind: 'rejected', code: '5', message: 'no face', httpStatus: 400, reasons: ['a'] },
    });
    const tries = { ...fresh, attempts: 2, calls: 2, storedUnknown: true };
    expect(outcomeOf(judge(rejected, { tries }))?.stored).toBe('unknown');
    expect(outcomeOf(judge({ ...rejected, stored: 'unknown' }))?.stored).toBe('unknown');
  });

  it('keeps what else the engine said, and nothing that it did not say', () => {
    const said = {
      transactionId: 'tx',
      checks: { liveness: { score: 1, fine: true } },
      quality: { blur: 1 },
      face: { box: [1, 2, 3, 4] },
    };
    expect(outcomeOf(judge({ ...enrolled, ...said }))).toEqual({
      ...{ status: 'enrolled', stored: 'yes', templateId: 't' },
      ...said,
    });
    expect(outcomeOf(judge({ ...rejected, transactionId: 'tx' }))?.transactionId).toBe('tx');
    expect(outcomeOf(judge(unavailable, { maxAttempts: 1 }))).toEqual({
      status: 'failed',
      stored: 'no',
      error: { kind: 'unavailable', message: 'HTTP 503', httpStatus: 503 },
    });
    expect(outcomeOf(judge(unsent, { maxAttempts: 1 }))?.error).toEqual({
      kind: 'unavailable',
      message: 'refused',
    });
    expect(chargedBefore({ ...fresh, attempts: 2, failedIdentifications: 3 })).toBe(5);
  });

  it('warns of another template id than the one that was sent', () => {
    expect(outcomeOf(judge(enrolled))).toEqual({ status: 'enrolled', stored: 'yes', templateId: 't' });
    expect(outcomeOf(judge(enrolled, { templateIdSent: 'u' }))).toMatchObject({
      templateId: 't',
      templateIds: { sent: 'u', returned: 't' },
      warnings: ['template-id-differs'],
    });
    const id = '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11';
    const inCapitals = { ...enrolled, templateId: id.toUpperCase() };
    const same = outcomeOf(judge(inCapitals, { templateIdSent: id }));
    expect(same).toEqual({ status: 'enrolled', stored: 'yes', templateId: id });
  });

  it('keeps the id that was sent where the engine names a subject that is not its own to name', () => {
    const reply = { ...enrolled, templateId: 'bob', namedInstead: 'alice' };
    expect(outcomeOf(judge(reply, { templateIdSent: 'bob' }))).toEqual({
      status: 'enrolled',
      stored: 'unknown',
      templateId: 'bob',
      templateIds: { sent: 'bob', returned: 'alice' },
      warnings: ['template-shared'],
    });
  });

  it.each([
    ['fine', { liveness: { score: 0.9, fine: true } }, 'enrolled', undefined],
    ['not fine', { liveness: { score: 0.1, fine: false } }, 'rejected', /is not fine/],
    ['without a word', { liveness: { score: 0.1, fine: null } }, 'rejected', /is not fine/],
    ['not given', { deepfake: { score: 1, fine: true } }, 'rejected', /gave no result/],
    ['none at all', undefined, 'rejected', /gave no result/],
  ] as const)('a required check that is %s', (_, checks, status, message) => {
    const reply: Judged = { ...enrolled, ...(checks && { checks }) };
    const outcome = outcomeOf(judge(reply, { required: ['liveness'] }));
    expect(outcome).toMatchObject({ status, stored: 'yes' });
    if (message) {
      expect(outcome?.error).toMatchObject({ kind: 'rejected', code: 'check-liveness' });
      expect(outcome?.error?.message).toMatch(message);
    }
    expect(outcomeOf(judge(reply))?.status).toBe('enrolled');
  });
});
