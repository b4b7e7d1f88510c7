import { describe, expect, it } from 'vitest';
import { createKnownFolders, folderOf } from '../../src/ledger/known-folders.ts';
import { eventOfLine } from '../../src/ledger/ledger-delta.ts';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import type { PhotoJobData } from '../../src/records/photo-job-data.ts';
import { buildReportLine, type Outcome } from '../../src/records/report/report-line.ts';
import { judgeOtherFolder } from '../../src/worker/other-folder.ts';
import { timeAt } from './ledger-events.ts';

const sha = (letter: string) => letter.repeat(64);

const event = (photo: string, content: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: ledgerSchemaName,
  kind: 'enrolled',
  subjectId: '1001',
  photo,
  sha256: sha(content),
  idFrom: 'path',
  folder: photo.slice(0, photo.lastIndexOf('/')),
  at: timeAt(1),
  source: '/archive',
  ...more,
});

/** What becomes of a photo with some content, after some events. */
function judge(
  events: readonly LedgerEvent[],
  photo: string,
  content: string | undefined,
  idFrom = '{id}.{ext}',
) {
  const known = createKnownFolders({ idFrom });
  for (const each of events) known.add(each);
  const otherFolder = known.find({ subjectId: '1001', photo });
  const tries: PhotoJobData['tries'] = { attempts: 0, calls: 0, reads: 0, storedUnknown: false };
  const judged = judgeOtherFolder(
    { subjectId: '1001', tries, ...(otherFolder && { otherFolder }) },
    content === undefined ? undefined : sha(content),
  );
  if (!judged) return 'enrolled';
  return 'collision' in judged ? judged.collision.error?.message : judged.warning;
}

describe('the same file name in another folder', () => {
  const collides = expect.stringContaining('1001 was enrolled from /a, another folder, with another picture');
  it.each<[string, readonly LedgerEvent[], string, string | undefined, unknown]>([
    ['with another content', [event('/a/1001.jpg', 'a')], '/b/1001.jpg', 'b', collides],
    ['with another suffix', [event('/a/1001.jpg', 'a')], '/b/1001.png', 'b', collides],
    ['one folder up', [event('/a/1001.jpg', 'a')], '/1001.jpg', 'b', collides],
    ['in a bucket', [event('/a/1001.jpg', 'a')], 's3://bucket/a/1001.jpg', 'b', collides],
    ['whose content nobody can see', [event('/a/1001.jpg', 'a')], '/b/1001.jpg', undefined, collides],
    ['with the same content', [event('/a/1001.jpg', 'a')], '/b/1001.jpg', 'a', 'enrolled'],
    [
      'with a content that it had before',
      [event('/a/1001.jpg', 'a'), event('/a/1001.jpg', 'b', { at: timeAt(2) })],
      '/b/1001.jpg',
      'a',
      'enrolled',
    ],
    ['which may be stored', [event('/a/1001.jpg', 'a', { kind: 'unclear' })], '/b/1001.jpg', 'b', collides],
    [
      'which was stored though a check was not fine',
      [event('/a/1001.jpg', 'a', { kind: 'rejected', stored: 'yes', code: 'check-liveness' })],
      '/b/1001.jpg',
      'b',
      collides,
    ],
    [
      'which was rejected',
      [event('/a/1001.jpg', 'a', { kind: 'rejected', stored: 'no', code: '5' })],
      '/b/1001.jpg',
      'b',
      'enrolled',
    ],
    [
      'of a list',
      [event('/a/1001.jpg', 'a', { idFrom: 'list', folder: undefined })],
      '/b/1001.jpg',
      'b',
      'enrolled',
    ],
    [
      'which a list gave since',
      [
        event('/a/1001.jpg', 'a'),
        event('/x/y.jpg', 'c', { idFrom: 'list', folder: undefined, at: timeAt(2) }),
      ],
      '/b/1001.jpg',
      'b',
      'enrolled',
    ],
    [
      'which moved since, in whatever order it is read',
      [event('/b/1001.jpg', 'b', { at: timeAt(2) }), event('/a/1001.jpg', 'a')],
      '/b/1001.jpg',
      'c',
      'enrolled',
    ],
    [
      'of an event that does not say',
      [event('/a/1001.jpg', 'a', { idFrom: undefined, folder: undefined })],
      '/b/1001.jpg',
      'b',
      'other-folder',
    ],
    [
      'of an event that does not say, with the same content',
      [event('/a/1001.jpg', 'a', { idFrom: undefined, folder: undefined })],
      '/b/1001.jpg',
      'a',
      'enrolled',
    ],
    ['which is the same folder', [event('/a/1001.jpg', 'a')], '/a/1001.jpg', 'b', 'enrolled'],
    [
      'of another subject',
      [event('/a/1002.jpg', 'a', { subjectId: '1002' })],
      '/b/1001.jpg',
      'b',
      'enrolled',
    ],
  ])('%s', (_, events, photo, content, expected) => {
    expect(judge(events, photo, content)).toEqual(expected);
  });

  it('of a pattern with several parts: what it matched is no part of the folder', () => {
    const pattern = '{id}/{photo}.{ext}';
    expect(folderOf('/archive/1001/2.jpg', pattern)).toBe('/archive');
    expect(folderOf('s3://bucket/x/1001/2.jpg', pattern)).toBe('s3://bucket/x');
    const known = event('/archive/1001/1.jpg', 'a', { folder: '/archive' });
    expect(judge([known], '/archive/1001/2.jpg', 'b', pattern)).toBe('enrolled');
    expect(judge([known], '/other/1001/2.jpg', 'b', pattern)).toContain('/archive, another folder');
    expect(judge([known], '/other/1001/2.jpg', 'a', pattern)).toBe('enrolled');
  });

  it('is judged before the first call, not after it', () => {
    const known = createKnownFolders({ idFrom: '{id}.{ext}' });
    known.add(event('/a/1001.jpg', 'a'));
    const otherFolder = known.find({ subjectId: '1001', photo: '/b/1001.jpg' });
    const tries = { attempts: 1, calls: 1, reads: 0, storedUnknown: true };
    expect(otherFolder).toBeDefined();
    expect(
      judgeOtherFolder({ subjectId: '1001', tries, ...(otherFolder && { otherFolder }) }, sha('b')),
    ).toBe(undefined);
  });

  it('knows a thousand subjects with many contents apart', () => {
    const known = createKnownFolders({ idFrom: '{id}.{ext}' });
    const contentOf = (subject: number, turn: number) =>
      String(subject * 100 + turn)
        .padStart(64, '0')
        .replace(/^(.{48})(.{16})$/, '$2$1');
    for (let subject = 0; subject < 1000; subject += 1)
      for (let turn = 0; turn < 5; turn += 1)
        known.add(
          event(`/a/${subject}.jpg`, 'a', {
            ...{ subjectId: `${subject}`, at: timeAt(turn) },
            sha256: contentOf(subject, turn),
          }),
        );
    for (let subject = 0; subject < 1000; subject += 97)
      expect(known.find({ subjectId: `${subject}`, photo: `/b/${subject}.jpg` })).toEqual({
        contents: Array.from({ length: 5 }, (_, turn) => contentOf(subject, turn).slice(0, 16)),
        folder: '/a',
        at: timeAt(4),
      });
  });
});

describe('an event of the ledger', () => {
  const outcome: Outcome = { status: 'enrolled', stored: 'yes', templateId: 'T', finishedAt: timeAt(1) };
  const line = (more: Partial<Outcome> = {}, engine = 'ooto') =>
    buildReportLine(
      { run: 'r', engine, seq: 1, subjectId: 'bob', photo: '/a/b/bob.jpg', version: '1' },
      { ...outcome, ...more },
    );
  const facts = { source: '/a', required: [] };

  it.each([
    [{}, {}],
    [{ inferredBy: false as const }, { idFrom: 'list' }],
    [{ inferredBy: '{id}.{ext}' }, { idFrom: 'path', folder: '/a/b' }],
    [{ inferredBy: '{id}/{photo}.{ext}' }, { idFrom: 'path', folder: '/a' }],
  ])('says how the id arose: %j', (how, expected) => {
    const { idFrom, folder } = eventOfLine(line(), { ...facts, ...how }) ?? {};
    expect({ ...(idFrom && { idFrom }), ...(folder && { folder }) }).toEqual(expected);
  });

  it.each<[string, Partial<Outcome>, Partial<LedgerEvent> | undefined]>([
    [
      'a call without an answer',
      { status: 'failed', stored: 'unknown' },
      { kind: 'unclear', templateId: 'T' },
    ],
    ['one that was cancelled meanwhile', { status: 'cancelled', stored: 'unknown' }, { kind: 'unclear' }],
    [
      'one that the program failed',
      { status: 'failed', stored: 'unknown', templateId: undefined },
      { kind: 'unclear' },
    ],
    [
      'a photo that was forgotten meanwhile',
      { status: 'skipped', reason: 'forgotten', stored: 'unknown' },
      undefined,
    ],
    ['nothing that was stored', { status: 'failed', stored: 'no' }, undefined],
    [
      'a duplicate after a call without an answer',
      { status: 'duplicate', stored: 'unknown' },
      { kind: 'unclear' },
    ],
  ])('of %s', (_, given, expected) => {
    const event = eventOfLine(line(given), facts);
    if (expected) expect(event).toMatchObject(expected);
    else expect(event).toBeUndefined();
  });

  it.each<[string, Partial<Outcome>, string | undefined]>([
    ['that Verihubs names alice for', { templateId: 'alice', warnings: ['template-id-differs'] }, undefined],
    [
      'the same, of a check that was not fine',
      { templateId: 'alice', warnings: ['template-id-differs'], status: 'rejected' },
      undefined,
    ],
    ['that a list names alice', { templateId: 'alice' }, 'alice'],
    ['of its own id', { templateId: 'bob' }, 'bob'],
  ])('gives no subject another one’s template: bob, %s', (_, given, expected) => {
    const event = eventOfLine(line(given, 'verihubs'), facts);
    expect(event?.templateId).toBe(expected);
    expect(event?.kind).toBe(
      expected === undefined && given.status === undefined ? 'unclear' : (given.status ?? 'enrolled'),
    );
  });
});
