import { describe, expect, it } from 'vitest';
import type { AccountCheck, RefusedReply, RejectedReply } from '../../src/engines/engine.ts';
import type { PendingRefusal, PhotoJobData } from '../../src/records/photo-job-data.ts';
import type { Outcome } from '../../src/records/report/report-line.ts';
import type { PhotoTask } from '../../src/worker/photo-task.ts';
import { putInDoubt, settleRefusal } from '../../src/worker/settle-refusal.ts';

const refused: RefusedReply = {
  kind: 'refused',
  certain: false,
  httpStatus: 403,
  message: 'no',
  fix: 'look',
};
const strange: RejectedReply & { isUndocumented: true } = {
  ...{ kind: 'rejected', httpStatus: 400, code: 'X', message: 'new', reasons: [], stored: 'no' },
  isUndocumented: true,
};
const fresh: PhotoJobData['tries'] = { attempts: 0, calls: 1, reads: 0, storedUnknown: false };
const finishedAt = '2026-11-28T12:00:00.000Z';
const enrolled: Outcome = { status: 'enrolled', stored: 'yes', attempts: 1, finishedAt };
const verdict = { status: 'rejected', stored: 'no' } as const;
const pending = (more: Partial<PendingRefusal> = {}): PendingRefusal => ({
  ...{ by: 'me', at: 5, call: 'enroll', isRepeated: true, message: 'no', httpStatus: 403 },
  ...more,
});

interface World {
  readonly tries?: Partial<PhotoJobData['tries']>;
  /** Whether any got through, and one that was begun after the refusal. */
  readonly hasPassed?: boolean;
  readonly isRight?: boolean;
  readonly isToBeAsked?: boolean;
  readonly maxAttempts?: number;
  /** `undefined`: the engine cannot be asked. */
  readonly check?: AccountCheck | undefined;
}

function open(world: World) {
  const asked: AccountCheck[] = [];
  const { check, hasPassed = false, isRight = false, isToBeAsked = false, maxAttempts = 3 } = world;
  const permit = { sent: () => undefined, done: async () => ({ charged: false }) };
  const photo = {
    data: { run: 'r', seq: 1 },
    ready: { original: { sizeInBytes: 7 } },
    templateId: 't',
    leaving: new AbortController().signal,
    tries: { ...fresh, ...world.tries },
    context: {
      limiter: {
        hasPassed: () => hasPassed,
        witness: () => ({ by: 'me', at: 9 }),
        isRightSince: (at: number) => isRight && at === 5,
        isToBeAsked: () => isToBeAsked,
        acquire: async () => ({ ...permit, checked: async (said: AccountCheck) => void asked.push(said) }),
      },
      takeCall: async () => true,
      draining: new AbortController().signal,
      settings: { maxAttempts, backoff: { firstDelayInMs: 40, ceilingInMs: 40 } },
      engine: check === undefined ? {} : { checkAccount: async () => check },
    },
  };
  return { photo: photo as unknown as PhotoTask, asked };
}

describe('a photo that was refused', () => {
  it.each([
    [refused, false, true],
    [refused, true, false],
    // A verdict needs no further call.
    [strange, false, true],
    [strange, true, true],
  ])('by %o, others passed: %s, waits behind all others: %s', (reply, hasPassed, isLast) => {
    const { photo } = open({ hasPassed, tries: { attempts: 2 } });
    expect(putInDoubt(photo, reply, 'identify')).toEqual({ kind: 'try-later', failures: 2, isLast });
    expect(photo.tries).toMatchObject({
      refusedBefore: true,
      refusal: { by: 'me', at: 9, call: 'identify' },
    });
    expect(putInDoubt(open({}).photo, reply, 'enroll').failures).toBe(1);
  });
});

describe('before a photo that was refused is called again', () => {
  const ok: AccountCheck = { ok: true };
  const wrong: AccountCheck = { ok: false, message: 'HTTP 401' };
  it.each<[string, World, { end?: string; again?: boolean; tries?: object; asked?: number }]>([
    ['one that was never refused is called', {}, { asked: 0 }],
    ['where so many were refused, it is asked for', { isToBeAsked: true, check: ok }, { asked: 1 }],
    ['and waits where that is refused', { isToBeAsked: true, check: wrong }, { again: true, asked: 1 }],
    [
      'its second refusal is charged once others got through since',
      { tries: { refusal: pending() }, isRight: true, hasPassed: true },
      { tries: { attempts: 1 }, asked: 0 },
    ],
    [
      'or the account was asked and is right',
      { tries: { refusal: pending() }, check: ok },
      { tries: { attempts: 1, calls: 2 }, asked: 1 },
    ],
    [
      'it waits, uncharged, where the account is not',
      { tries: { refusal: pending() }, check: wrong },
      { again: true, tries: { attempts: 0, calls: 2 }, asked: 1 },
    ],
    [
      'of an engine that cannot be asked it is known by what got through',
      { tries: { refusal: pending() }, hasPassed: true },
      { tries: { attempts: 1 }, asked: 1 },
    ],
    [
      'and by nothing else',
      { tries: { refusal: pending() } },
      { again: true, tries: { attempts: 0 }, asked: 1 },
    ],
    [
      'its first refusal is not charged',
      { tries: { refusal: pending({ isRepeated: false }) }, isRight: true },
      { tries: { attempts: 0 }, asked: 0 },
    ],
    [
      'nor one that never reached the engine',
      { tries: { refusal: pending({ httpStatus: undefined }) }, isRight: true },
      { tries: { attempts: 0 }, asked: 0 },
    ],
    [
      'nor what another process saw',
      { tries: { refusal: pending({ by: 'other' }) }, isRight: true },
      { tries: { attempts: 0 }, asked: 0 },
    ],
    [
      'the last attempt ends it',
      { tries: { refusal: pending(), attempts: 2, storedUnknown: true }, isRight: true },
      { end: 'failed', tries: { attempts: 3 } },
    ],
    [
      'an identification that is refused is charged as one',
      { tries: { refusal: pending({ call: 'identify' }), failedIdentifications: 1 }, isRight: true },
      { tries: { attempts: 0, failedIdentifications: 2 } },
    ],
    [
      'and ends it with the last',
      { tries: { refusal: pending({ call: 'identify' }), failedIdentifications: 2 }, isRight: true },
      { end: 'failed', tries: { failedIdentifications: 3 } },
    ],
    [
      'of one that is enrolled the attempts of its enrollment do not count',
      { tries: { refusal: pending({ call: 'identify' }), attempts: 3, enrolled }, isRight: true },
      { tries: { attempts: 3, failedIdentifications: 1 } },
    ],
    [
      'and it stays enrolled',
      { tries: { refusal: pending({ call: 'identify' }), enrolled }, isRight: true, maxAttempts: 1 },
      { end: 'enrolled' },
    ],
    [
      'a verdict whose code no page knows stands after the first',
      { tries: { refusal: pending({ isRepeated: false, verdict }) }, isRight: true },
      { end: 'rejected' },
    ],
  ])('%s', async (_, world, expected) => {
    const { photo, asked } = open(world);
    const before = photo.tries;
    const result = await settleRefusal(photo);
    const outcome = result && 'outcome' in result ? (result.outcome as Outcome) : undefined;
    expect(outcome?.status).toBe(expected.end);
    expect(result !== undefined && 'again' in result).toBe(expected.again === true);
    if (expected.tries) expect(photo.tries).toMatchObject(expected.tries);
    if (expected.asked !== undefined) expect(asked).toHaveLength(expected.asked);
    // It is judged once, and until then it is kept.
    expect(photo.tries.refusal).toEqual(
      expected.again || expected.end === 'rejected' ? before.refusal : undefined,
    );
    if (outcome?.status === 'rejected') expect(outcome).toMatchObject({ attempts: 1, sizeInBytes: 7 });
    if (outcome?.status === 'enrolled') expect(outcome.warnings).toEqual(['not-verified']);
    if (outcome?.status === 'failed') {
      const isEnrollment = before.refusal?.call === 'enroll';
      const message = isEnrollment ? 'no' : 'identification: no';
      expect(outcome.error).toEqual({ kind: 'unavailable', message, httpStatus: 403 });
      expect(outcome).toMatchObject({ stored: before.storedUnknown ? 'unknown' : 'no', sizeInBytes: 7 });
    }
  });

  it.each([
    [false, true],
    [true, false],
  ])('it waits behind all others as long as none got through: passed %s', async (hasPassed, isLast) => {
    const world = { hasPassed, isToBeAsked: true, check: wrong };
    const result = await settleRefusal(open(world).photo);
    const again = result && 'again' in result ? result.again : undefined;
    expect(again?.isLast === true).toBe(isLast);
    expect(again?.delayInMs).toBeLessThanOrEqual(40);
  });
});
