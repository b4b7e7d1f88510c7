import { expect, it } from 'vitest';
import { widthOf } from '../../src/cli/text/spans.ts';
import { statusTable } from '../../src/cli/text/status-table.ts';
import { judgeCanary } from '../../src/records/canary.ts';
import { restoreTally } from '../../src/records/report/report-tally.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { settingsOf } from '../runs/run-settings.ts';

const now = new Date(2026, 10, 28, 17, 40, 0);
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();

const subject = {
  source: { address: '/archive', sameSubject: 'repeat' as const },
  ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' },
};
const settings = await settingsOf({});
const listed = { count: 20_000, sha256: '' };

const recordOf = (id: string, given: Partial<RunRecord>): RunRecord => ({
  ...newRecord({ id, settings, subject }),
  ...{ epoch: 1, createdAt: ago(62), updatedAt: ago(0), listed },
  counts: { listed: 20_000, done: 12_345, deadLetters: 1, calls: 12_500 },
  ...given,
});

const outlook = { callsPerSecond: 49.8, photosPerSecond: 49.9, leftInMs: 153_000, workers: 2 };
const records = [
  recordOf('20261128T163800Z-0a1b2c3d', { state: 'active', outlook }),
  recordOf('20261128T163800Z-00000001', { state: 'active', listed: undefined, updatedAt: ago(9) }),
  recordOf('night-2', {
    state: 'paused',
    concurrency: 8,
    settings: { ...newRecord({ id: '', settings, subject }).settings, rate: 0.5 },
    waitsFor: 'the account: \u001b[2J\nforged',
    updatedAt: ago(60),
  }),
  recordOf('last-year', {
    state: 'finished',
    createdAt: new Date(2025, 0, 2, 3, 4).toISOString(),
    updatedAt: new Date(2025, 0, 3, 4, 4).toISOString(),
  }),
];
const textOf = (given: readonly RunRecord[]) =>
  statusTable(given, { notes: new Map(), now }).map((spans) => spans.map(({ text }) => text).join(''));

it('runs are shown in columns with a header, and what there is to know below each', () => {
  expect(textOf(records)).toEqual(
    [
      'RUN                        STATE              PHOTOS  STARTED        TOOK',
      '20261128T163800Z-0a1b2c3d  active     12345 of 20000  Nov 28 16:38  1h02m',
      '  1 dead letter, 12500 calls',
      '  49.8 calls/s, 49.9 photos/s, 2m33s left, 2 workers',
      '  /archive -> ooto at https://engine.example (account a1)',
      '20261128T163800Z-00000001  no worker  12345 of 20000+  Nov 28 16:38  1h02m',
      '  1 dead letter, 12500 calls, the list still grows',
      '  /archive -> ooto at https://engine.example (account a1)',
      '  waits for a worker: the command that started it, or rollcall worker',
      'night-2                    paused     12345 of 20000  Nov 28 16:38  2m00s',
      '  1 dead letter, 12500 calls',
      '  its own limit: 0.5 calls/s, 8 at once in each process',
      '  /archive -> ooto at https://engine.example (account a1)',
      '  why it waits: the account: \\u001b[2J\\nforged',
      'last-year                  finished   12345 of 20000  Jan  2  2025  25h00m',
      '  1 dead letter, 12500 calls',
      '  /archive -> ooto at https://engine.example (account a1)',
    ].map((row) => (row.startsWith(' ') ? row : expect.stringMatching(columnsOf(row)))),
  );
});

/** Whatever stands between two columns. */
const columnsOf = (row: string) =>
  new RegExp(`^${row.replaceAll(/[+.]/g, '\\$&').replaceAll(/ {2,}/g, ' +')}$`);

it('the table of runs that rollcall named fits 80 columns, with ten million photos too', () => {
  const most = recordOf('20261128T163800Z-0a1b2c3d', {
    state: 'cancelled',
    updatedAt: ago(-59 * 60),
    counts: { listed: 20_000_000, done: 12_345_678, deadLetters: 12, calls: 12_345_678 },
  });
  const [heading = '', row = ''] = textOf([most]);
  expect(widthOf(row)).toBeLessThanOrEqual(80);
  expect(widthOf(heading)).toBeLessThanOrEqual(80);
});

it('a canary has its figures below a run that is not over, or is shown alone', () => {
  const sample = { photos: 100, of: 20_000, folders: 4 };
  const tally = restoreTally({
    total: 40,
    byStatus: { enrolled: 36, rejected: 4 },
    byCode: { 5: 4 },
    calls: 40,
  });
  const canary = judgeCanary({ asked: 100, sample, tally, accept: undefined });
  const going = recordOf('one', { canary });
  const over = recordOf('two', {
    state: 'finished',
    canary: { ...canary, state: 'accepted', acceptedBy: 'user' },
  });
  const running = [
    '  canary of 100 photos (of 20000 that need a call, from 4 folders): 40 done, the rest waits for it, not met: rejected<=5%',
    '    enrolled 36 of 40 (90 %; of all between 76 % and 98 %)',
    '    rejected 4 of 40 (10 %; of all between 2.7 % and 24 %)',
    '    code 5 4 of 40 (10 %; of all between 2.7 % and 24 %)',
  ];
  expect(textOf([going, over]).filter((text) => /canary|of 40/u.test(text))).toEqual([
    ...running,
    '  canary of 100 photos (of 20000 that need a call, from 4 folders): accepted by a user, although it was refused, not met: rejected<=5%',
  ]);
  expect(textOf([over]).filter((text) => text.includes('of 40'))).toEqual(running.slice(1));
});
