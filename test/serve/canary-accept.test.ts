import { expect, it } from 'vitest';
import type { Canary } from '../../src/records/canary.ts';
import { writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { openApp, ownHost, withToken } from './open-app.ts';

const subject = {
  source: { address: '/archive', sameSubject: 'repeat' as const },
  ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' },
};
const refused: Canary = {
  state: 'refused',
  ...{ asked: 20, photos: 20, of: 100, folders: 1, done: 20, judged: 20, calls: 20 },
  ...{ byStatus: {}, byCode: {}, rules: [] },
};
const accepted: Canary = { ...refused, state: 'accepted', acceptedBy: 'figures' };

const withCanary = { canary: '20' } as const;

// What is allowed comes as far as the queue, of which there is none here.
it.each([
  [withCanary, undefined, 'rejected<=20%', 503, 'no-queue'],
  [withCanary, refused, 'rejected<=20%,failed<3', 503, 'no-queue'],
  [withCanary, refused, 'reject<=20%', 400, 'bad-request'],
  [withCanary, refused, '', 400, 'bad-request'],
  [withCanary, accepted, 'rejected<=20%', 409, 'canary-accepted'],
  [{}, undefined, 'rejected<=20%', 409, 'no-canary'],
])(
  'of a run with %o, its canary %o, a client asks for %j: %i',
  async (given, canary, canaryAccept, status, code) => {
    const { app, rollcall } = await openApp();
    const record = newRecord({ id: 'night', settings: await settingsOf(given), given, subject });
    await writeFirstRunRecord(rollcall.state, { ...record, ...(canary && { canary }) });
    const headers = { host: ownHost, ...withToken };
    const url = '/api/v1/runs/night';
    const reply = await app.inject({ method: 'PATCH', url, headers, payload: { canaryAccept } });
    expect({ status: reply.statusCode, code: reply.json().code }).toEqual({ status, code });
  },
);
