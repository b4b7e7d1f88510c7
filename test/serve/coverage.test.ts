import { expect, it } from 'vitest';
import { type CoverageRecord, writeCoverageRecord } from '../../src/records/audit/coverage-record.ts';
import { writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { openApp, ownHost, withToken } from './open-app.ts';

const subject = {
  source: { address: '/archive', sameSubject: 'repeat' as const },
  ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' },
};

const recordOf = (list: string, day: number, account = 'a1'): CoverageRecord => ({
  schema: 'rollcall.coverage-record/1',
  ...{ account, list, at: `2026-11-${day}T10:00:00.000Z`, people: 12 },
  byStatus: { enrolled: 8, rejected: 2, 'never-seen': 1, forgotten: 1 },
});

it('shows an account with what coverage found of its lists, the newest first, and no more than five', async () => {
  const { app, rollcall, log } = await openApp();
  const { state } = rollcall;
  await writeFirstRunRecord(state, newRecord({ id: 'night', settings: await settingsOf({}), subject }));
  const ask = async () => {
    const headers = { host: ownHost, ...withToken };
    const reply = await app.inject({ url: '/api/v1/accounts', headers });
    expect(reply.statusCode).toBe(200);
    return reply.json().accounts;
  };
  for (const day of [12, 18, 11, 15, 14, 16, 13])
    await writeCoverageRecord(state, { path: `/lists/${day}.csv`, record: recordOf(`${day}.csv`, day) });
  await writeCoverageRecord(state, { path: '/other.csv', record: recordOf('other.csv', 20, 'a2') });
  await state.write('coverage/a1/torn.json', '{"schema":"rollcall.cov');
  const [account, ...others] = await ask();
  expect(others).toEqual([]);
  expect(account.coverage.map(({ list }: CoverageRecord) => list)).toEqual([
    ...['18.csv', '16.csv', '15.csv', '14.csv', '13.csv'],
  ]);
  expect(account.coverage[0]).toEqual({
    ...{ list: '18.csv', at: '2026-11-18T10:00:00.000Z', people: 12, missing: 3 },
    byStatus: { enrolled: 8, rejected: 2, 'never-seen': 1, forgotten: 1 },
  });
  expect(log.filter((line) => line.includes('"level":40'))).toEqual([]);
});
