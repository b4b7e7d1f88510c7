import fc from 'fast-check';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';

const startedAt = Date.parse('2026-11-22T01:00:00.000Z');

export const timeAt = (minute: number) => new Date(startedAt + 60_000 * minute).toISOString();

export const subjects = ['Zoë'.normalize('NFC'), 'Zoë'.normalize('NFD'), 'a', 'b'];
export const photos = ['/1.jpg', '/2.jpg'];
export const versions = ['v1', 'v2'];

const common = {
  schema: fc.constant(ledgerSchemaName),
  subjectId: fc.constantFrom(...subjects),
  photo: fc.constantFrom(...photos),
  source: fc.constantFrom('/one', '/two'),
  at: fc.integer({ min: 0, max: 6 }).map(timeAt),
};
const run = fc.constantFrom('p', 'q', 'r', undefined);
const read = { version: fc.constantFrom(...versions), sha256: fc.constantFrom('aa', 'bb') };

/** Events that meet: few subjects, photos, versions and times. */
export const ledgerEvents: fc.Arbitrary<LedgerEvent> = fc.oneof(
  fc.record(
    {
      ...common,
      ...read,
      run,
      kind: fc.constant('enrolled'),
      templateId: fc.constantFrom('T1', 'T2'),
      templateIdFrom: fc.constantFrom('manifest' as const, 'engine' as const),
      required: fc.constantFrom(['liveness'], ['deepfake', 'liveness']),
      seenAt: fc.integer({ min: 6, max: 8 }).map(timeAt),
    },
    { requiredKeys: ['schema', 'kind', 'subjectId', 'photo', 'source', 'at', 'templateId'] },
  ),
  fc.record({
    ...common,
    ...read,
    run,
    kind: fc.constant('rejected'),
    code: fc.constantFrom('5', 'check-liveness'),
    stored: fc.constantFrom('yes' as const, 'no' as const, 'unknown' as const),
  }),
  fc.record({ ...common, run, kind: fc.constantFrom('unclear', 'undone') }),
) as fc.Arbitrary<LedgerEvent>;
