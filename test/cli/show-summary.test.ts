import { describe, expect, it } from 'vitest';
import { showSummary } from '../../src/cli/show-end.ts';
import { buildReportLine } from '../../src/records/report-line.ts';
import { createSummaryBuilder, summarySchema } from '../../src/records/summary.ts';
import { meaningOf, type Warning, warningMeanings } from '../../src/util/warning.ts';

const facts = { run: 'r', state: 'finished', source: '/a', engine: 'ooto', reportSha256: 'x' } as const;

function summaryOf(photos: readonly (readonly Warning[])[]) {
  const builder = createSummaryBuilder();
  photos.forEach((warnings, index) => {
    const outcome = { status: 'enrolled', finishedAt: '2026-11-22T01:02:03.000Z' } as const;
    builder.add(
      buildReportLine({ run: 'r', engine: 'ooto', seq: index + 1 }, { ...outcome, warnings: [...warnings] }),
    );
  });
  return builder.build(facts);
}

describe('warnings in the summary', () => {
  it('are counted by photo, and shown with their meaning, the most frequent first', () => {
    const summary = summaryOf([
      ['blurred', 'blurred'],
      ['exif-rotated', 'converted-from-heic'],
      ['exif-rotated'],
    ]);
    expect(summary.warnings).toEqual({ blurred: 1, 'exif-rotated': 2, 'converted-from-heic': 1 });
    const lines = showSummary(summary, '/state/runs/r');
    const shown = lines.join('\n');
    const rows = lines.slice(lines.indexOf('  warnings') + 1);
    expect(rows[0]).toBe(`    exif-rotated              2  ${warningMeanings['exif-rotated']}`);
    expect(shown).toContain(warningMeanings['converted-from-…']);
  });

  it('are none in the summary of a run without, of an earlier version, and of another version', () => {
    const none = summaryOf([[]]);
    expect(none.warnings).toEqual({});
    expect(showSummary(none, '/f').join('\n')).not.toContain('warnings');
    const { warnings: _, ...former } = none;
    expect(summarySchema.parse(former).warnings).toEqual({});
    expect(showSummary({ ...none, warnings: { 'of-the-future': 3 } }, '/f').join('\n')).toContain(
      'of-the-future',
    );
    expect(meaningOf('of-the-future')).toBeUndefined();
  });
});
