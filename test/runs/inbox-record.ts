import type { InboxRecord } from '../../src/records/inbox/inbox.ts';
import { newRunSettings } from '../../src/runs/run-settings.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { settingsOf } from './run-settings.ts';

/** An open inbox, `door`. */
export const doorRecord: InboxRecord = {
  schema: 'rollcall.inbox-record/1',
  name: 'door',
  isOpen: true,
  engine: 'ooto',
  engineUrl: 'https://engine.test',
  account: 'account',
  settings: newRunSettings({ settings: await settingsOf(), given: {} }, { sameSubject: 'repeat' }),
  rollInMs: 3_600_000,
  maxWaiting: 100,
  openedAt: '2026-11-29T00:00:00.000Z',
};

/** What those who take in need of a queue. */
export const queueForInbox = () => ({
  leases: createMemoryLeases(),
  presence: {
    announce: async () => {},
    withdraw: async () => {},
    list: async () => [],
    watchRuns: () => async () => {},
  },
});
