import { expect, it } from 'vitest';
import { errorKinds } from '../../src/records/report/report-line.ts';
import { acceptance } from '../../src/settings/acceptance.ts';

const read = (text: string) => acceptance.read.safeParse(text);

it('reads shares and counts of statuses and codes, and writes them as they were', () => {
  const text = 'rejected<=5%,failed<1%,FAIL_FACE_TOO_SMALL<=2%,5<3,check-liveness<=0';
  expect(read(text).data).toEqual([
    { name: 'rejected', most: { share: 0.05 } },
    { name: 'failed', most: { share: 0.01 }, isBelow: true },
    { name: 'FAIL_FACE_TOO_SMALL', most: { share: 0.02 } },
    { name: '5', most: { count: 3 }, isBelow: true },
    { name: 'check-liveness', most: { count: 0 } },
  ]);
  expect(acceptance.write(acceptance.read.parse(text))).toBe(text);
  expect(acceptance.write(acceptance.read.parse(' rejected <= 7% , failed < 2.5 % '))).toBe(
    'rejected<=7%,failed<2.5%',
  );
});

it('knows each kind of an error', () => {
  for (const kind of errorKinds) expect(read(`${kind}<=1%`).success).toBe(true);
});

it.each([
  '',
  'rejected',
  'rejected<=',
  'rejected=5%',
  'rejected>=5%',
  'rejected<=5%,',
  'rejected<=101%',
  'rejected<=2.5',
  'rejected<=-1%',
  'failed<0%',
  'reject<=5%',
  'enrolled<=5%',
  'skipped<=5%',
  'rejected<=5%;failed<=1%',
])('refuses %s and says what is expected', (text) => {
  const { success, error } = read(text);
  expect(success).toBe(false);
  expect(error?.issues[0]?.message).toContain('such as rejected<=5%');
});
