import { expect, it } from 'vitest';
import { describeAudit } from '../../src/cli/text/describe-audit.ts';
import type { AuditSummary } from '../../src/records/audit/audit-summary.ts';

const summary: AuditSummary = {
  schema: 'rollcall.audit-summary/1',
  ...{ audit: 'a-1', engine: 'ooto', engineUrl: 'https://engine.example', account: 'account' },
  ...{ sample: 'all', seed: 7, threshold: 0.75 },
  ...{ createdAt: '2026-02-01T10:00:00.000Z', finishedAt: '2026-02-02T09:59:59.000Z' },
  ...{
    total: 10,
    byStatus: { present: 10 },
    byReason: {},
    findings: 0,
    verifications: 0,
    identifications: 10,
  },
  population: { held: 10, heldChosen: 10, forgotten: 0, forgottenChosen: 0, unclear: 0 },
  bound: { atMost: 0, confidence: 0.95, judged: 10, missing: 0, of: 10 },
};
const report = '/state/audits/a-1/audit.jsonl';

it('names nobody who was not asked about where everybody was', () => {
  expect(describeAudit(summary, { report, notAsked: { openRuns: [], isAnybodyForgotten: false } })).toEqual([
    'Audit a-1 of ooto: 10 of 10 subjects that the ledger says it holds (seed 7)',
    '  present                10',
    '  calls                  10  (0 verifications, 10 identifications)',
    '0 of 10 missing, changed or shadowed (0 %); everybody was judged',
    `Report: ${report}`,
  ]);
});

it('has what its calls cost under their count', () => {
  const money = { price: { identify: '0.002' }, budget: '150', atMost: '12.3456' };
  const rows = describeAudit(
    { ...summary, money },
    { report, notAsked: { openRuns: [], isAnybodyForgotten: false } },
  );
  expect(rows.slice(2, 4)).toEqual([
    '  calls                  10  (0 verifications, 10 identifications)',
    '  cost              12.3456  (budget 150.00)',
  ]);
});

it.each([
  [['door-1'], 'Not asked about: whom door-1 enrolled. The ledger learns of a run when it is over'],
  [
    ['a', 'b', 'c', 'd', 'e'],
    'Not asked about: whom a, b, c and 2 more enrolled. The ledger learns of a run when it is over',
  ],
])('says whom no ledger names yet, and who is forgotten', (openRuns, line) => {
  const rows = describeAudit(summary, { report, notAsked: { openRuns, isAnybodyForgotten: true } });
  expect(rows).toContain(line);
  expect(rows).toContain(
    'Not asked about: forgotten subjects whom no list of a run names any more (rollcall forget asks by id)',
  );
});

it('says of one that was gone on with after a day how old its answers are', () => {
  const late = { ...summary, finishedAt: '2026-03-01T10:00:00.000Z' };
  expect(describeAudit(late, { report, notAsked: { openRuns: [], isAnybodyForgotten: false } })).toContain(
    'Asked from 2026-02-01T10:00:00.000Z on: answers of that time are not of today, and whoever was enrolled since was not asked about. Started again, it is another audit',
  );
});
