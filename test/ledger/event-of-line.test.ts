import { expect, it } from 'vitest';
import { eventOfLine } from '../../src/ledger/ledger-delta.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { suspectLine } from '../../src/records/report/shared-template.ts';

const answered = (more: Partial<ReportLine> = {}): ReportLine => ({
  schema: 'rollcall.report/1',
  run: 'r',
  seq: 1,
  subjectId: 'bob',
  photo: '/bob.jpg',
  status: 'enrolled',
  stored: 'yes',
  engine: 'verihubs',
  templateId: 'alice',
  templateIds: { sent: 'bob', returned: 'alice' },
  warnings: ['template-id-differs'],
  finishedAt: '2026-11-22T01:02:03.000Z',
  ...more,
});
const rejected = { kind: 'rejected', code: 'check-liveness', message: 'not fine' } as const;

it.each<[string, ReportLine]>([
  ['a success, shared', suspectLine(answered(), 'shared')],
  ['a success, implausible', suspectLine(answered(), 'implausible')],
  ['a verdict, shared', suspectLine(answered({ status: 'rejected', error: rejected }), 'shared')],
  ['a verdict, implausible', suspectLine(answered({ status: 'rejected', error: rejected }), 'implausible')],
  ['at OOTO', suspectLine(answered({ engine: 'ooto' }), 'shared')],
  ['amended twice', suspectLine(suspectLine(answered(), 'shared'), 'implausible')],
  ['amended to less', suspectLine(suspectLine(answered(), 'implausible'), 'shared')],
])(
  'of an answer that may be somebody else’s only the doubt is remembered, under the own id: %s',
  (_, line) => {
    const event = eventOfLine(line, { source: '/s', required: ['liveness'] });
    expect(event).toMatchObject({ kind: 'unclear', subjectId: 'bob', templateId: 'bob' });
    expect(JSON.stringify(event)).not.toContain('alice');
  },
);
