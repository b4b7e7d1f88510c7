import { describe, expect, it } from 'vitest';
import { showSummary } from '../../src/cli/show-end.ts';
import { buildReportLine } from '../../src/records/report/report-line.ts';
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

it('the summary fits a terminal, however many codes and warnings there are; elsewhere each is one line', () => {
  const byCode = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`FAIL_ON_${index}`, 31 - index]),
  );
  const warnings = { 'converted-from-webp': 3, 'cut-off': 2, blurred: 1 };
  const summary = { ...summaryOf([['blurred']]), byCode, warnings };
  const narrow = showSummary(summary, '/f', 80);
  expect(narrow.filter((line) => line.length >= 80)).toEqual([]);
  const one = (lines: readonly string[]) => lines.join(' ').replace(/\s+/g, ' ');
  const wide = showSummary(summary, '/f', undefined);
  expect(one(narrow)).toBe(one(wide));
  expect(wide).toContain(
    `  by code    ${Object.entries(byCode)
      .map((pair) => pair.join(': '))
      .join(', ')}`,
  );
});

describe('the list in the summary', () => {
  const shown = (listed: object, isSourceChanged = false, source = '/a') =>
    showSummary(createSummaryBuilder().build({ ...facts, source, listed, isSourceChanged }), '/f').join('\n');

  it('says when it was read, what it left out, and what nobody could read', () => {
    const text = shown({
      at: '2026-11-22T01:02:03.000Z',
      leftOut: 3,
      leftOutBy: { '.txt': 1, '#recycle/': 2 },
      gaps: 1,
    });
    expect(text).toContain('Listed:  2026-11-22T01:02:03.000Z');
    expect(text).toContain('Left out: #recycle/: 2, .txt: 1; see /f/left-out.jsonl');
    expect(text).toMatch(/1 part of \/a could not be read: .* not whole/);
    expect(shown({})).not.toMatch(/Listed|Left out|not be read|changed/);
  });

  it('says that a pipe cannot tell its end', () => {
    expect(shown({ at: '2026-11-22T01:02:03.000Z' }, false, '-')).toMatch(
      /if it was piped: a pipe cannot tell/,
    );
  });

  it('names the command that lists a changed source anew, to be copied as it is', () => {
    expect(shown({}, true, '/a/people.csv')).toContain('rollcall run /a/people.csv --new --incremental');
    expect(shown({}, true, "/it's mine.csv")).toContain(
      `rollcall run '/it'\\''s mine.csv' --new --incremental`,
    );
  });
});
