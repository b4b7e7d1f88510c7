import { describe, expect, it } from 'vitest';
import { createSetUpWatch } from '../../src/conductor/set-up-watch.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { lineOf } from '../records/report-lines.ts';

type Kind = NonNullable<ReportLine['error']>['kind'];

const wrong = (seq: number, kind: Kind = 'collision'): ReportLine => ({
  ...lineOf(seq, 'x', 'failed'),
  error: { kind, message: `photo ${seq}` },
});
const right = (seq: number) => lineOf(seq, 'x', 'enrolled');
const seqs = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from);
const watch = (options: Partial<Parameters<typeof createSetUpWatch>[0]> = {}) =>
  createSetUpWatch({ threshold: { share: 0.5 }, linesBefore: 0, ...options });

describe('a set-up that is wrong', () => {
  it('is said with the hundredth photo, and once', () => {
    const watched = watch();
    expect(watched.add(seqs(99).map((seq) => wrong(seq)))).toBeUndefined();
    const found = watched.add(seqs(50, 100).map((seq) => wrong(seq)));
    expect(found).toEqual({ kind: 'collision', photos: 100, of: 100, message: 'photo 100' });
    expect(watched.add(seqs(50, 150).map((seq) => wrong(seq)))).toBeUndefined();
  });

  it.each<Kind>(['collision', 'manifest', 'photo'])('is one of kind %s', (kind) => {
    expect(watch().add(seqs(100).map((seq) => wrong(seq, kind)))).toMatchObject({ kind, photos: 100 });
  });

  it('may have a tenth of other photos among the first, and no more', () => {
    const lines = (others: number) => [
      ...seqs(others).map(right),
      ...seqs(100, others + 1).map((seq) => wrong(seq)),
    ];
    expect(watch().add(lines(11))).toMatchObject({ photos: 100, of: 111 });
    expect(watch().add(lines(12))).toBeUndefined();
  });

  it.each<[string, readonly ReportLine[]]>([
    ['fewer than a hundred', seqs(99).map((seq) => wrong(seq))],
    ['two reasons, each with its half', seqs(190).map((seq) => wrong(seq, seq % 2 ? 'collision' : 'photo'))],
    ["the engine's verdicts", seqs(500).map((seq) => wrong(seq, 'rejected'))],
    ['an engine that is away', seqs(500).map((seq) => wrong(seq, 'unavailable'))],
    [
      'a hundred outcomes that are there first, since photos between them wait for their calls',
      seqs(150).map((index) => wrong(index * 5)),
    ],
    ['photos behind the first thousand', seqs(3_000, 1_001).map((seq) => wrong(seq))],
  ])('is not %s', (_, lines) => {
    expect(watch().add(lines)).toBeUndefined();
  });

  it('is known to whoever goes on with the run, or asks for more dead letters', () => {
    const lines = seqs(200).map((seq) => wrong(seq));
    expect(watch({ linesBefore: 100 }).add(lines)).toBeUndefined();
    expect(watch({ linesBefore: 99 }).add(lines)).toBeDefined();
    expect(watch({ threshold: { share: 1 } }).add(lines)).toBeUndefined();
    expect(watch({ threshold: { count: 101 } }).add(lines)).toBeUndefined();
    expect(watch({ threshold: { count: 100 } }).add(lines)).toBeDefined();
  });
});
