import { describe, expect, it } from 'vitest';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import {
  createSharedTemplates,
  parseSharedTemplate,
  sharedTemplate,
  suspectLine,
} from '../../src/records/report/shared-template.ts';
import { lineOf } from './report-lines.ts';

const answered = (more: Partial<ReportLine> = {}): ReportLine => ({
  ...lineOf(1, 'x'),
  ...{ stored: 'yes', templateId: 'T', templateIds: { sent: 'own', returned: 'T' } },
  ...more,
});

describe('a line whose answer may be for somebody else', () => {
  it.each<[string, readonly string[] | undefined, string[]]>([
    ['without warnings', undefined, ['template-shared']],
    ['with those of its id', ['template-id-differs', 'template-shared'], ['template-shared']],
    ['with others', ['exif-rotated', 'template-id-differs'], ['exif-rotated', 'template-shared']],
  ])('keeps what is true of its photo: one %s', (_, given, expected) => {
    const warnings = given as ReportLine['warnings'];
    const line = answered({ ...(warnings && { warnings }), quality: { blur: 1 } });
    expect(suspectLine(line, 'shared')).toMatchObject({
      ...{
        status: 'enrolled',
        stored: 'unknown',
        templateId: 'own',
        warnings: expected,
        quality: { blur: 1 },
      },
    });
    const implausible = suspectLine(line, 'implausible');
    expect(implausible).toMatchObject({ status: 'failed', stored: 'unknown', templateId: 'own' });
    expect(implausible.warnings).toEqual(expected.length > 1 ? ['exif-rotated'] : undefined);
    expect(implausible).not.toHaveProperty('quality');
    if (expected.length === 1) expect(implausible).not.toHaveProperty('warnings');
  });

  it('stays implausible, and is the same when done again', () => {
    const implausible = suspectLine(answered(), 'implausible');
    expect(suspectLine(implausible, 'shared')).toBe(implausible);
    expect(suspectLine(implausible, 'implausible')).toBe(implausible);
    const shared = suspectLine(answered(), 'shared');
    expect(suspectLine(shared, 'shared')).toEqual(shared);
  });

  it.each(['shared', 'implausible'] as const)('is none where the engine named no other id: %s', (verdict) => {
    const line = lineOf(1, 'x');
    expect(suspectLine(line, verdict)).toBe(line);
  });
});

describe('what was found of template ids', () => {
  const judged = (line: ReportLine, ...found: readonly ['shared' | 'implausible', string][]) => {
    const shared = createSharedTemplates();
    for (const [verdict, templateId] of found) shared.add({ templateId, verdict });
    return shared.judge(line);
  };

  it('holds for the lines that were answered with them alone, the harder of two verdicts', () => {
    const line = answered();
    expect(judged(line)).toBe(line);
    expect(judged(line, ['implausible', 'U'])).toBe(line);
    const own = lineOf(1, 'x');
    expect(judged(own, ['implausible', 'T'])).toBe(own);
    expect(judged(line, ['shared', 'T']).status).toBe('enrolled');
    expect(judged(line, ['shared', 'T'], ['implausible', 'T']).status).toBe('failed');
    expect(judged(line, ['implausible', 'T'], ['shared', 'T']).status).toBe('failed');
  });

  it('is read as it was written, and from nothing else', () => {
    const template = sharedTemplate('T', 'shared');
    const text = JSON.stringify(template);
    expect(parseSharedTemplate(text)).toEqual(template);
    for (const other of [
      '',
      '{',
      text.slice(0, -1),
      text.replace('"shared"', '"odd"'),
      JSON.stringify(answered()),
    ])
      expect(parseSharedTemplate(other)).toBeUndefined();
  });
});
