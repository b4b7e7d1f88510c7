import { type RunRecord, runRecordSchema } from '../../../src/records/run-record.ts';

/** A run as it is read from a state. */
export const aRun = (given: Partial<RunRecord> = {}): RunRecord => ({
  ...runRecordSchema.parse({
    schema: 'rollcall.run/1',
    id: 'run-1',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    source: '/archive',
    engine: 'ooto',
    engineUrl: 'https://engine.example',
    account: '0123456789abcdef',
    state: 'active',
    epoch: 1,
    settings: { sameSubject: 'repeat' },
    counts: { listed: 0, done: 0, deadLetters: 0, calls: 0 },
  }),
  ...given,
});
