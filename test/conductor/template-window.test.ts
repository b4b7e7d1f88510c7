import { describe, expect, it } from 'vitest';
import { createTemplateWindow, type TemplateWindow } from '../../src/conductor/template-window.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';

const lineOf = (seq: number, more: Partial<ReportLine> = {}): ReportLine => ({
  schema: 'rollcall.report/1',
  run: 'r',
  seq,
  subjectId: `s${seq}`,
  status: 'enrolled',
  engine: 'ooto',
  templateId: `id ${seq}`,
  sha256: `bytes ${seq}`,
  finishedAt: '2026-11-22T01:02:03.000Z',
  ...more,
});
/** A photo that was answered with another id than the one that was sent. */
const answered = (seq: number, returned: string, more: Partial<ReportLine> = {}) =>
  lineOf(seq, { templateId: returned, templateIds: { sent: `id ${seq}`, returned }, ...more });

const addAll = (window: TemplateWindow, lines: readonly ReportLine[], isOwn = true) =>
  lines.map((line) => window.add(line, isOwn));

describe('an answer of the engine', () => {
  it.each<[string, Partial<ReportLine>, boolean]>([
    ['is in a photo that was enrolled', {}, true],
    ['is in one that was rejected', { status: 'rejected' }, true],
    ['is in one that failed', { status: 'failed', error: { kind: 'implausible', message: 'm' } }, true],
    ['is in none that was skipped', { status: 'skipped', reason: 'unchanged' }, false],
    ['is in no duplicate', { status: 'duplicate' }, false],
    ['is in no collision', { status: 'failed', error: { kind: 'collision', message: 'm' } }, false],
    ['is in no row without a subject', { subjectId: undefined as never }, false],
    ['is in none without a template', { templateId: undefined as never }, false],
  ])('%s', (_, more, isAnswer) => {
    const window = createTemplateWindow();
    expect(window.add(lineOf(1, more), true) !== undefined).toBe(isAnswer);
    expect(window.own.size).toBe(isAnswer ? 1 : 0);
  });

  it('counts once, and among this conductor’s only if it is', () => {
    const window = createTemplateWindow();
    const added = [...addAll(window, [lineOf(1), lineOf(1)]), ...addAll(window, [lineOf(2)], false)];
    expect(added.map((answer) => answer?.returned)).toEqual(['id 1', undefined, 'id 2']);
    expect(window.own).toEqual({ size: 1, suspects: 0 });
  });
});

describe('one id for several people', () => {
  it('names a photo of each, the first that is there, and makes those suspect that have the id of somebody else', () => {
    const window = createTemplateWindow();
    const lines = [
      lineOf(1),
      answered(2, 'ID 1'),
      answered(3, 'id 1'),
      // The same person, and the same bytes.
      answered(4, 'id 1', { subjectId: 's3' }),
      answered(5, 'id 1', { sha256: 'bytes 1' }),
      answered(6, 'id 1'),
    ];
    const answers = addAll(window, lines);
    expect(answers.at(-1)?.shared).toEqual([{ templateId: 'id 1', people: [1, 3, 6] }]);
    // Ids that are no UUID are compared letter by letter.
    expect(answers.map((answer) => answer?.isSuspect())).toEqual([false, false, true, true, true, true]);
    expect(window.own).toEqual({ size: 6, suspects: 4 });
    expect([...window.suspectIds()]).toEqual(['id 1']);
  });

  it('makes an answer suspect afterwards, once whose id it is comes', () => {
    const window = createTemplateWindow();
    const [early] = addAll(window, [answered(1, 'id 2')]);
    expect(early?.isSuspect()).toBe(false);
    const [owner] = addAll(window, [lineOf(2)]);
    expect([early?.isSuspect(), owner?.isSuspect()]).toEqual([true, false]);
    expect(owner?.shared).toEqual([{ templateId: 'id 2', people: [1, 2] }]);
    expect(window.own).toEqual({ size: 2, suspects: 1 });
  });

  it('is nothing where it was sent for both: the list says so', () => {
    const window = createTemplateWindow();
    const [, second] = addAll(window, [lineOf(1, { templateId: 'T' }), lineOf(2, { templateId: 'T' })]);
    expect(second?.shared).toEqual([]);
    expect(window.own.suspects).toBe(0);
  });

  it('that was sent for one whose answer names another is shared by both', () => {
    const window = createTemplateWindow();
    const [, second] = addAll(window, [answered(1, 'own'), answered(2, 'id 1')]);
    expect(second?.shared).toEqual([{ templateId: 'id 1', people: [1, 2] }]);
  });

  it('is looked for among the latest fifty answers with it', () => {
    const window = createTemplateWindow();
    const again = Array.from({ length: 60 }, (_, index) => answered(index + 2, 'T', { subjectId: 'same' }));
    addAll(window, [answered(1, 'T'), ...again.slice(0, 48)]);
    expect(window.add(answered(100, 'T'), true)?.shared).toEqual([{ templateId: 'T', people: [1, 2, 100] }]);
    addAll(window, again.slice(48));
    expect(window.add(answered(200, 'T'), true)?.shared).toEqual([
      { templateId: 'T', people: [14, 100, 200] },
    ]);
  });

  it.each<[Partial<ReportLine>, boolean]>([
    [{ status: 'failed', error: { kind: 'implausible', message: 'm' } }, true],
    [{ warnings: ['template-shared'] }, true],
    [{ warnings: ['exif-rotated'] }, false],
    [{}, false],
  ])('is known from what was written before: %j', (more, isSuspect) => {
    const window = createTemplateWindow();
    const [answer] = addAll(window, [lineOf(1, more)]);
    expect(answer?.isSuspect()).toBe(isSuspect);
    expect(window.own.suspects).toBe(isSuspect ? 1 : 0);
    expect([...window.suspectIds()]).toEqual(isSuspect ? ['id 1'] : []);
  });
});

describe('the window', () => {
  it('holds ten thousand answers; what leaves it leaves all that it counted for', () => {
    const window = createTemplateWindow();
    addAll(window, [answered(1, 'T'), answered(2, 'T')]);
    addAll(window, [lineOf(3)], false);
    const more = Array.from({ length: 9_997 }, (_, index) => lineOf(10 + index));
    addAll(window, more);
    expect(window.own).toEqual({ size: 9_999, suspects: 2 });
    addAll(window, [lineOf(20_001)]);
    expect(window.own).toEqual({ size: 9_999, suspects: 1 });
    // Of the first nobody knows any more, of the second everybody.
    expect(window.add(answered(20_002, 'id 1'), false)?.shared).toEqual([]);
    expect(window.own).toEqual({ size: 9_998, suspects: 0 });
    expect(window.suspectIds().size).toBe(0);
    addAll(window, [lineOf(20_003)]);
    expect(window.own).toEqual({ size: 9_999, suspects: 0 });
    expect(window.add(answered(20_004, 'T'), true)?.shared).toEqual([]);
  });
});
