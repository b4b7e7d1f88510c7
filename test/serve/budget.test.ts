import { expect, it } from 'vitest';
import { writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { openApp, ownHost, withToken } from './open-app.ts';

const subject = {
  source: { address: '/archive', sameSubject: 'repeat' as const },
  ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' },
};

// What is allowed comes as far as the queue, of which there is none here.
it.each([
  [{ price: '0.002', budget: '150' }, '149.99', 503, 'no-queue'],
  [{ price: '0.002', budget: '150' }, 150, 503, 'no-queue'],
  [{ price: '0.002' }, 10, 503, 'no-queue'],
  [{ price: '0.002', budget: '150' }, '150.000000001', 403, 'budget-not-raised'],
  [{ price: '0.002', budget: '150' }, '1e2', 400, 'bad-request'],
  [{ price: '0.002', budget: '150' }, 0, 400, 'bad-request'],
  [{}, 10, 409, 'no-price'],
])('of a run with %o a client asks for a budget of %j: %i', async (given, budget, status, code) => {
  const { app, rollcall } = await openApp();
  await writeFirstRunRecord(
    rollcall.state,
    newRecord({ id: 'night', settings: await settingsOf(given), given, subject }),
  );
  const headers = { host: ownHost, ...withToken };
  const url = '/api/v1/runs/night';
  const reply = await app.inject({ method: 'PATCH', url, headers, payload: { budget } });
  expect({ status: reply.statusCode, code: reply.json().code }).toEqual({ status, code });
});
