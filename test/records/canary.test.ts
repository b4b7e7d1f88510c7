import { expect, it } from 'vitest';
import { acceptanceRules, judgeCanary } from '../../src/records/canary.ts';
import { describeCanary, describeFigures } from '../../src/records/describe-canary.ts';
import { restoreTally } from '../../src/records/report/report-tally.ts';
import { acceptance } from '../../src/settings/acceptance.ts';

function judge(
  byStatus: Record<string, number>,
  {
    photos = 200,
    of = 10_000,
    accept,
    byCode = {},
  }: { photos?: number; of?: number; accept?: string; byCode?: Record<string, number> } = {},
) {
  const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
  return judgeCanary({
    asked: photos,
    sample: { photos, of, folders: 3 },
    tally: restoreTally({ total, byStatus, byCode, calls: total }),
    accept: accept === undefined ? undefined : acceptance.read.parse(accept),
  });
}

it('accepts by shares in whole photos: 5 % of 200 are 10', () => {
  expect(judge({ enrolled: 190, rejected: 10 })).toMatchObject({ state: 'accepted', acceptedBy: 'figures' });
  expect(judge({ enrolled: 189, rejected: 11 }).state).toBe('refused');
  expect(judge({ enrolled: 190, rejected: 10 }, { accept: 'rejected<5%' }).state).toBe('refused');
  expect(judge({ enrolled: 86, rejected: 14 }, { photos: 100, accept: 'rejected<=14%' }).state).toBe(
    'accepted',
  );
});

it('holds a status that is not named to the usual', () => {
  expect(acceptanceRules(acceptance.read.parse('failed<=2%,5<3')).map(({ name }) => name)).toEqual([
    'failed',
    '5',
    'rejected',
    'duplicate',
  ]);
  // An engine that is away rejects nobody.
  expect(judge({ failed: 200 }, { accept: 'rejected<=5%' })).toMatchObject({ state: 'refused' });
});

it('counts codes by their name', () => {
  const byStatus = { enrolled: 192, rejected: 8 };
  expect(judge(byStatus, { byCode: { '5': 8 }, accept: '5<=3%' }).state).toBe('refused');
  expect(judge(byStatus, { byCode: { '5': 8 }, accept: '5<=8' }).state).toBe('accepted');
  expect(judge(byStatus, { byCode: { '6': 8 }, accept: '5<=0' }).state).toBe('accepted');
});

it('judges nothing before each of its photos has its line, nor lines of those that were cancelled', () => {
  expect(judge({ enrolled: 199 })).toMatchObject({ state: 'running', done: 199 });
  expect(judge({ rejected: 199 }).acceptedBy).toBeUndefined();
  const cancelled = judge({ enrolled: 150, rejected: 3, cancelled: 9_847 });
  expect(cancelled).toMatchObject({ state: 'running', done: 153, judged: 153 });
  expect(cancelled.byStatus.cancelled).toBeUndefined();
});

it('says shares of those that needed a call, with an interval', () => {
  const canary = judge(
    { enrolled: 90, rejected: 10, skipped: 100 },
    { byCode: { '5': 10 }, accept: 'rejected<=10%' },
  );
  expect(canary).toMatchObject({ state: 'accepted', done: 200, judged: 100, of: 10_000, folders: 3 });
  expect(canary.byStatus.rejected).toEqual({ photos: 10, share: 0.1, low: 0.049, high: 0.17623 });
  expect(canary.byCode['5']).toEqual(canary.byStatus.rejected);
  expect(describeFigures(canary)).toEqual([
    'enrolled 90 of 100 (90 %; of all between 82 % and 96 %)',
    'rejected 10 of 100 (10 %; of all between 4.9 % and 18 %)',
    'code 5 10 of 100 (10 %; of all between 4.9 % and 18 %)',
  ]);
});

it('refuses a sample of which nothing needed a call, unless there is nothing else to call', () => {
  const unproven = judge({ skipped: 200 });
  expect(unproven).toMatchObject({ state: 'refused', judged: 0, byStatus: {} });
  expect(unproven.rules.every(({ isMet }) => isMet)).toBe(true);
  expect(describeCanary(unproven)).toMatch(/: refused, since none of its photos needed a call in the end/u);
  expect(judge({ skipped: 200 }, { accept: 'rejected<=100%' }).state).toBe('refused');
  expect(judge({ skipped: 199, enrolled: 1 }).state).toBe('accepted');
  expect(judge({ skipped: 200 }, { of: 200 })).toMatchObject({ state: 'accepted', judged: 0 });
  expect(judge({}, { photos: 0, of: 0 })).toMatchObject({ state: 'accepted', photos: 0 });
});

it('says in words where it stands', () => {
  expect(describeCanary(judge({ enrolled: 57 }))).toBe(
    'canary of 200 photos (of 10000 that need a call, from 3 folders): 57 done, the rest waits for it',
  );
  const refused = judge({ rejected: 200 });
  expect(describeCanary(refused)).toMatch(/: refused$/u);
  expect(describeCanary({ ...refused, state: 'accepted', acceptedBy: 'user' })).toMatch(
    /: accepted by a user, although it was refused$/u,
  );
  expect(describeCanary({ ...refused, state: 'cancelled', done: 20 })).toMatch(
    /: cancelled, 20 done, not judged$/u,
  );
  expect(describeCanary({ ...judge({}), state: 'listing' })).toBe(
    'canary of 200 photos: waits for the whole list',
  );
});
