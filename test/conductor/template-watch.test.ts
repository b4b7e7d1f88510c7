import { describe, expect, it } from 'vitest';
import { createTemplateWatch } from '../../src/conductor/template-watch.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { createSharedTemplates } from '../../src/records/report/shared-template.ts';

interface Given {
  readonly subject: string;
  /** What the engine answered; the id that was sent is `id of <subject>`. */
  readonly returned?: string;
  readonly bytes?: string | undefined;
  readonly more?: Partial<ReportLine>;
}

let seq = 0;
const idOf = (subject: string) => `id of ${subject}`;

function lineOf({
  subject,
  returned = idOf(subject),
  bytes = `bytes of ${subject}`,
  more,
}: Given): ReportLine {
  seq += 1;
  const sent = idOf(subject);
  return {
    schema: 'rollcall.report/1',
    run: 'r',
    seq,
    subjectId: subject,
    status: 'enrolled',
    stored: 'yes',
    engine: 'ooto',
    templateId: returned,
    ...(returned !== sent && { templateIds: { sent, returned }, warnings: ['template-id-differs'] }),
    sha256: bytes,
    finishedAt: '2026-11-22T01:02:03.000Z',
    quality: { blur: 0 },
    ...more,
  };
}

/** What is reported of each photo at the run's end, and whether the run pauses. */
function judge(given: readonly Given[], watch = createTemplateWatch()) {
  const shared = createSharedTemplates();
  const alarms: string[] = [];
  const written = given.flatMap((one) => {
    const { lines, found, alarm } = watch.judge([lineOf(one)]);
    for (const template of found) shared.add(template);
    if (alarm) alarms.push(alarm);
    return lines;
  });
  return { written, lines: written.map((line) => shared.judge(line)), alarms };
}

const marksOf = (lines: readonly ReportLine[]) =>
  lines.map(({ error, warnings = [], stored }) => {
    if (error?.kind === 'implausible') return stored === 'unknown' ? 'implausible' : 'wrong';
    if (!warnings.includes('template-shared')) return stored === 'yes' ? 'fine' : 'wrong';
    return stored === 'unknown' ? 'shared' : 'wrong';
  });

const people = (count: number, start = 0) =>
  Array.from({ length: count }, (_, index) => ({ subject: `p${start + index}` }));
const delayed = (all: readonly Given[]) =>
  all.map((one, index) => ({ ...one, returned: idOf(all[Math.max(0, index - 1)]?.subject ?? '') }));
const repeat = <Value>(value: Value, count: number) => Array.from({ length: count }, () => value);

describe('answers that cannot be right', () => {
  const bob = { subject: 'bob' };
  const cases: [string, readonly Given[], readonly string[], boolean][] = [
    ['ids that were sent', people(50), repeat('fine', 50), false],
    [
      'ids of its own',
      people(50).map((one) => ({ ...one, returned: `own ${one.subject}` })),
      repeat('fine', 50),
      false,
    ],
    [
      'the id of somebody before',
      [bob, { subject: 'ann', returned: idOf('bob') }],
      ['fine', 'shared'],
      false,
    ],
    ['the id of somebody after', [{ subject: 'ann', returned: idOf('bob') }, bob], ['shared', 'fine'], false],
    [
      'an id of its own, for two',
      people(2).map((one) => ({ ...one, returned: 'own' })),
      ['shared', 'shared'],
      false,
    ],
    [
      'two that are mixed up',
      [
        { subject: 'ann', returned: idOf('bob') },
        { subject: 'bob', returned: idOf('ann') },
      ],
      ['shared', 'shared'],
      false,
    ],
    [
      'the same subject twice',
      [
        { subject: 'bob', returned: 'own' },
        { subject: 'bob', returned: 'own', bytes: 'others' },
      ],
      ['fine', 'fine'],
      false,
    ],
    [
      'the same bytes twice',
      people(3).map((one) => ({ ...one, returned: 'own', bytes: 'same' })),
      ['fine', 'fine', 'fine'],
      false,
    ],
    [
      'the same subject in another form',
      ['Zo\u00eb', 'Zoe\u0308'].map((subject) => ({ subject, returned: 'own', bytes: subject })),
      ['fine', 'fine'],
      false,
    ],
    [
      'a UUID in another case',
      ['6F1A9F5E-0c57-5c0e-9b8a-3d2f7f4f6a11', '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11'].map(
        (returned, index) => ({ subject: `p${index}`, returned }),
      ),
      ['shared', 'shared'],
      false,
    ],
    [
      'bytes that are not known',
      people(2).map((one) => ({ ...one, returned: 'own', more: { sha256: undefined as never } })),
      ['shared', 'shared'],
      false,
    ],
    [
      'one id for three',
      people(3).map((one) => ({ ...one, returned: 'own' })),
      repeat('implausible', 3),
      true,
    ],
    [
      'one id for three, one of whom it is',
      [bob, ...people(2).map((one) => ({ ...one, returned: idOf('bob') }))],
      ['fine', 'implausible', 'implausible'],
      true,
    ],
    [
      'one id for all',
      people(20).map((one) => ({ ...one, returned: 'own' })),
      repeat('implausible', 20),
      true,
    ],
    ['the reply of the photo before', delayed(people(20)), ['fine', ...repeat('implausible', 19)], true],
    [
      'the same, rejected by a check',
      delayed(people(9)).map((one) => ({ ...one, more: { status: 'rejected' as const } })),
      ['fine', ...repeat('implausible', 8)],
      true,
    ],
    [
      'pairs below 3 %',
      [
        ...people(97),
        ...people(2, 100).map((one, at) => ({ ...one, returned: idOf(`p${at}`) })),
        ...people(30, 200),
        { subject: 'last', returned: idOf('p9') },
      ],
      [...repeat('fine', 97), 'shared', 'shared', ...repeat('fine', 30), 'shared'],
      false,
    ],
    [
      'pairs above 3 %',
      [...people(60), ...people(3, 100).map((one, at) => ({ ...one, returned: idOf(`p${at}`) }))],
      [...repeat('fine', 60), ...repeat('implausible', 3)],
      true,
    ],
    [
      'pairs of exactly 3 %',
      [...people(97), ...people(3, 100).map((one, at) => ({ ...one, returned: idOf(`p${at}`) }))],
      [...repeat('fine', 97), ...repeat('implausible', 3)],
      true,
    ],
    [
      'photos without a call in between',
      [bob, { subject: 'ann', more: { status: 'skipped', templateId: idOf('bob') } }],
      ['fine', 'fine'],
      false,
    ],
    [
      'what an adapter knows by itself',
      people(4).map((one) => ({
        ...one,
        more: {
          templateIds: { sent: idOf(one.subject), returned: `stranger ${one.subject}` },
          templateId: idOf(one.subject),
          stored: 'unknown',
          warnings: ['template-shared'],
        },
      })),
      repeat('implausible', 4),
      true,
    ],
  ];
  it.each(cases)('%s', (_, given, marks, pauses) => {
    const { lines, alarms } = judge(given);
    expect(marksOf(lines)).toEqual(marks);
    expect(alarms.length > 0).toBe(pauses);
  });

  it('keep the id that was sent, and say nothing of the face', () => {
    const [, line] = judge([{ subject: 'bob' }, { subject: 'ann', returned: idOf('bob') }]).lines;
    expect(line).toMatchObject({
      templateId: idOf('ann'),
      templateIds: { returned: idOf('bob') },
      warnings: ['template-shared'],
    });
    const [, , failed] = judge(people(3).map((one) => ({ ...one, returned: 'own' }))).lines;
    expect(failed).toMatchObject({
      status: 'failed',
      templateId: idOf('p2'),
      error: { message: expect.stringContaining('own') },
    });
    expect(failed).not.toHaveProperty('quality');
    expect(failed).not.toHaveProperty('warnings');
  });

  it('say what was seen', () => {
    const [first] = judge(people(3).map((one) => ({ ...one, returned: 'own' }))).alarms;
    expect(first).toMatch(
      /one template, own, for 3 subjects with different photos \(photos \d+, \d+, \d+ of the list\)/,
    );
    const many = judge(people(9).map((one) => ({ ...one, returned: 'own' }))).alarms.at(-1);
    expect(many).toMatch(/for 9 subjects with different photos \(photos (?:\d+, ){4}\d+ of the list\)$/);
    const [second] = judge(delayed(people(5))).alarms;
    expect(second).toMatch(
      /^for 3 of the last 4 photos the engine answered with the template of somebody else/,
    );
  });
});

describe('what is remembered', () => {
  const own = (count: number, start = 0) => people(count, start).map((one) => ({ ...one, returned: 'own' }));

  it('an id of which an earlier conductor saw two: with the third it is broken', () => {
    const watch = createTemplateWatch();
    watch.remember(judge(own(2)).written, false);
    const { lines, alarms } = judge(own(1, 5), watch);
    expect(marksOf(lines)).toEqual(['implausible']);
    expect(alarms).toHaveLength(1);
  });

  it('after a pause: the share begins anew, what is suspect stays', () => {
    const watch = createTemplateWatch();
    watch.remember(judge(delayed(people(20))).written, false);
    const { lines, alarms } = judge(
      [...people(3, 50), { subject: 'x', returned: idOf('p50') }, ...people(3, 60)],
      watch,
    );
    expect(alarms).toEqual([]);
    expect(marksOf(lines)).toEqual([...repeat('fine', 3), 'shared', ...repeat('fine', 3)]);
  });

  it('the latest 10,000 answers, however many there are, and a line that is written twice once', () => {
    const watch = createTemplateWatch();
    const [first] = judge([{ subject: 'first' }], watch).lines;
    expect(watch.judge([first as ReportLine])).toEqual({ lines: [first], found: [], alarm: undefined });
    judge(people(9_998), watch);
    expect(marksOf(judge([{ subject: 'in time', returned: idOf('first') }], watch).lines)).toEqual([
      'shared',
    ]);
    judge(people(2, 20_000), watch);
    expect(marksOf(judge([{ subject: 'late', returned: idOf('first') }], watch).lines)).toEqual(['shared']);
    judge(people(10_000, 30_000), watch);
    expect(marksOf(judge([{ subject: 'later', returned: idOf('first') }], watch).lines)).toEqual(['fine']);
  });
});
