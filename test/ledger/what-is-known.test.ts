import { describe, expect, it } from 'vitest';
import {
  contentFingerprint,
  listedFingerprint,
  printsOf,
  readMark,
  readPrint,
  writePrint,
} from '../../src/ledger/fingerprint.ts';
import { createKnownFolders, type Inferred } from '../../src/ledger/known-folders.ts';
import { createKnownPhotos, type Holding, type KnownPhotosOptions } from '../../src/ledger/known-photos.ts';
import { type LedgerEvent, timesOf } from '../../src/ledger/ledger-event.ts';
import { timeAt } from './ledger-events.ts';

const event = (more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', subjectId: 'a', photo: '/x/a.jpg', version: 'v1', sha256: 'aa', templateId: 'T' },
  ...{ at: timeAt(1), source: '/x' },
  ...more,
});
const rejected = (more: Partial<LedgerEvent> = {}) =>
  event({ kind: 'rejected', stored: 'no', code: '5', templateId: undefined, ...more });
const print = (content: string) => contentFingerprint(content, '');

describe('a photo', () => {
  const enrolled = (minute: number, content = 'aa') => ({
    enrolled: print(content),
    enrolledAt: timeAt(minute),
  });
  const ask = (
    events: readonly LedgerEvent[],
    version: string | undefined = 'v1',
    options: Partial<KnownPhotosOptions> = {},
  ) => {
    const known = createKnownPhotos({ eachPhoto: false, required: [], ...options });
    for (const each of events) known.add(each);
    return known.recognise({ subjectId: 'a', photo: '/x/a.jpg', version, template: '' });
  };
  const unchanged = { kind: 'unchanged', enrolledAt: timeAt(1) };

  it.each<[string, LedgerEvent[], string | undefined, unknown]>([
    ['of which nothing is known is new', [], 'v1', undefined],
    ['is unchanged in the version that is enrolled', [event()], 'v1', unchanged],
    ['is compared in another version', [event()], 'v2', { kind: 'compare', known: enrolled(1) }],
    ['is new in another version of an unread one', [event({ sha256: undefined })], 'v2', undefined],
    ['is unchanged though nobody read it', [event({ sha256: undefined })], 'v1', unchanged],
    [
      'is compared where the ledger has no version',
      [event({ version: undefined })],
      'v1',
      { kind: 'compare', known: enrolled(1) },
    ],
    [
      'is new where the ledger has neither',
      [event({ version: undefined, sha256: undefined })],
      'v1',
      undefined,
    ],
    ['was rejected before', [rejected()], 'v1', { kind: 'rejected-before' }],
    [
      'was rejected before, without a code',
      [rejected({ code: undefined })],
      'v1',
      { kind: 'rejected-before' },
    ],
    [
      'was rejected in another version',
      [rejected()],
      'v2',
      { kind: 'compare', known: { rejected: print('aa') } },
    ],
    ['was rejected unread in another version', [rejected({ sha256: undefined })], 'v2', undefined],
    [
      'was judged by a check that is not asked for now',
      [rejected({ code: 'check-liveness' })],
      'v1',
      undefined,
    ],
    [
      'was enrolled, and later another version of it rejected',
      [event(), rejected({ version: 'v2', sha256: 'bb', at: timeAt(2) })],
      'v3',
      { kind: 'compare', known: { ...enrolled(1), rejected: print('bb') } },
    ],
    [
      'was rejected, and later another version of it enrolled: the verdict is overtaken',
      [rejected({ version: 'v2', sha256: 'bb' }), event({ at: timeAt(2) })],
      'v2',
      { kind: 'compare', known: enrolled(2) },
    ],
    [
      'was enrolled and rejected at one time',
      [event(), rejected({ version: 'v2', sha256: 'bb' })],
      'v2',
      { kind: 'rejected-before' },
    ],
    [
      'is known of a time that is a round number',
      [event({ at: new Date(417 * 2 ** 32).toISOString() })],
      'v1',
      { kind: 'unchanged', enrolledAt: new Date(417 * 2 ** 32).toISOString() },
    ],
    [
      'is known of a time long ago',
      [event({ at: new Date(5).toISOString() })],
      'v1',
      { kind: 'unchanged', enrolledAt: new Date(5).toISOString() },
    ],
  ])('%s', (_, events, version, expected) => {
    expect(ask(events, version)).toEqual(expected);
    expect(ask([...events].reverse(), version)).toEqual(expected);
  });

  it('without a version is compared, also with what was rejected', () => {
    const known = createKnownPhotos({ eachPhoto: false, required: [] });
    known.add(rejected());
    const asked = { subjectId: 'a', photo: '/x/a.jpg', version: undefined, template: '' };
    expect(known.recognise(asked)).toEqual({ kind: 'compare', known: { rejected: print('aa') } });
    expect(known.recognise({ ...asked, photo: '/x/b.jpg' })).toBeUndefined();
  });

  it('was rejected by a check that is asked for now', () => {
    const events = [rejected({ code: 'check-liveness' })];
    expect(ask(events, 'v1', { required: ['liveness'] })).toEqual({ kind: 'rejected-before' });
    expect(ask(events, 'v1', { required: ['deepfake', 'check-liveness'] })).toBeUndefined();
  });

  const times = (minute: number) => timesOf({ at: timeAt(minute) });
  const holding = (minute: number, more: Partial<LedgerEvent> = {}): Holding => ({
    times: times(minute),
    prints: printsOf(event(more)),
  });
  it.each<[string, Holding | undefined, unknown]>([
    ['nothing', undefined, unchanged],
    ['something older', holding(0, { version: 'v0' }), unchanged],
    ['the same', holding(1), unchanged],
    ['something newer', holding(2, { version: 'v0' }), { kind: 'compare', known: enrolled(2) }],
    ['another version at the same time', holding(1, { version: 'v0' }), undefined],
    ['another content at the same time', holding(1, { sha256: 'bb' }), undefined],
    ['less at the same time', holding(1, { sha256: undefined }), undefined],
  ])('is what the newest says, where elsewhere %s is known', (_, held, expected) => {
    const more = { held: () => held, verdict: () => undefined };
    expect(ask([event()], 'v1', { more })).toEqual(expected);
  });

  it('is judged by a verdict from elsewhere', () => {
    const verdict = { times: times(3), prints: printsOf(rejected({ version: 'v9' })) };
    const more = { held: () => undefined, verdict: () => verdict };
    expect(ask([], 'v9', { more })).toEqual({ kind: 'rejected-before' });
    expect(ask([event({ at: timeAt(4) })], 'v9', { more })).toEqual({ kind: 'compare', known: enrolled(4) });
  });

  it('takes room, enrolled or rejected', () => {
    const sizeOf = (events: readonly LedgerEvent[]) => {
      const known = createKnownPhotos({ eachPhoto: false, required: [] });
      for (const each of events) known.add(each);
      return known.sizeInBytes;
    };
    const many = Array.from({ length: 5_000 }, (_, index) => rejected({ photo: `/${index}` }));
    expect(sizeOf(many)).toBeGreaterThan(40 * 5_000);
  });
});

describe('a fingerprint', () => {
  it.each(['', '0123456789abcdef', '00000000deadbeef', 'deadbeef00000000', 'ffffffffffffffff'])(
    'is kept in two numbers: %j',
    (given) => {
      const words = new Uint32Array(4).fill(7);
      writePrint(words, 1, given);
      expect(readPrint(words, 1)).toBe(given);
      expect(readMark(words, 1)).toBe(given.padStart(16, '0'));
      expect([words[0], words[3]]).toEqual([7, 7]);
    },
  );

  it('that is not there is none', () => {
    const words = new Uint32Array(2).fill(7);
    writePrint(words, 0);
    expect(readPrint(words, 0)).toBe('');
    expect(readMark(undefined, 0)).toBe('0'.repeat(16));
  });

  const both = (template: string) => ({
    listed: listedFingerprint('/x/a.jpg', 'v1', template),
    content: contentFingerprint('aa', template),
  });
  it.each<[string, Partial<LedgerEvent>, object]>([
    ['enrolled', {}, both('')],
    ['enrolled under an id of a list', { templateId: 'T', templateIdFrom: 'manifest' }, both('=T')],
    ['enrolled under an id of the engine', { templateIdFrom: 'engine' }, both('*')],
    ['rejected, under whatever id', { kind: 'rejected', templateIdFrom: 'manifest' }, both('')],
    ['unclear', { kind: 'unclear' }, {}],
    ['of a later kind', { kind: 'later' }, {}],
    ['without a version', { version: undefined }, { content: both('').content }],
    ['unread', { sha256: undefined }, { listed: both('').listed }],
  ])('says what was enrolled or rejected: %s', (_, given, expected) => {
    expect(printsOf(event(given))).toStrictEqual(expected);
    for (const one of Object.values(expected)) expect(one).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the folder of a subject', () => {
  const sha = (content: number) => String(content).padStart(16, '0').repeat(4);
  const marksOf = (...contents: readonly number[]) => contents.map((content) => sha(content).slice(0, 16));
  const at = (photo: string, content: number | undefined, minute = 1): LedgerEvent =>
    event({
      ...{ photo, idFrom: 'path', folder: photo.slice(0, photo.lastIndexOf('/')), at: timeAt(minute) },
      sha256: content === undefined ? undefined : sha(content),
    });
  const find = (events: readonly LedgerEvent[], more?: Parameters<typeof createKnownFolders>[0]['more']) => {
    const known = createKnownFolders({ idFrom: '{id}.{ext}', more });
    for (const each of events) known.add(each);
    return known.find({ subjectId: 'a', photo: '/b/a.jpg' });
  };

  it('is told with each content once, those that were not read apart', () => {
    const events = [
      at('/a/a.jpg', 1),
      at('/a/a.jpg', 2, 2),
      at('/a/a.jpg', 1, 3),
      at('/a/a.jpg', undefined, 4),
    ];
    expect(find(events)).toStrictEqual({ contents: marksOf(1, 2), at: timeAt(4), folder: '/a' });
    expect(find([])).toBeUndefined();
  });

  it('is told with as many contents as a job can carry', () => {
    const events = Array.from({ length: 70 }, (_, index) => at('/a/a.jpg', index + 1, index));
    const first = marksOf(...Array.from({ length: 64 }, (_, index) => index + 1));
    expect(find(events)?.contents).toEqual(first);
    const more = { inferred: () => undefined, contents: () => marksOf(98, 99) };
    expect(find(events.slice(0, 63), more)?.contents).toEqual([...first.slice(0, 63), ...marksOf(98)]);
  });

  it('is not named among very many', () => {
    const others = Array.from({ length: 10_000 }, (_, index) =>
      event({ subjectId: `s-${index}`, idFrom: 'path', folder: `/${index}`, sha256: undefined }),
    );
    expect(find([...others.slice(1), at('/a/a.jpg', 1)])).toHaveProperty('folder', '/a');
    expect(find([...others, at('/a/a.jpg', 1)])).toStrictEqual({ contents: marksOf(1), at: timeAt(1) });
  });

  const inferred = (minute: number, more: Partial<Inferred> = {}): Inferred => ({
    ...{
      times: timesOf({ at: timeAt(minute) }),
      way: 'path',
      folder: '0123456789abcdef',
      name: '/c',
      ...more,
    },
  });
  it.each<[string, LedgerEvent[], Inferred | undefined, object | undefined]>([
    ['nothing', [at('/a/a.jpg', 1)], undefined, { folder: '/a', at: timeAt(1), contents: marksOf(1, 9) }],
    [
      'something older',
      [at('/a/a.jpg', 1)],
      inferred(0),
      { folder: '/a', at: timeAt(1), contents: marksOf(1, 9) },
    ],
    [
      'something newer',
      [at('/a/a.jpg', 1)],
      inferred(2),
      { folder: '/c', at: timeAt(2), contents: marksOf(1, 9) },
    ],
    ['all of it', [], inferred(2), { folder: '/c', at: timeAt(2), contents: marksOf(9) }],
    [
      'all of it but how the id arose',
      [],
      inferred(2, { way: 'older' }),
      { folder: '/c', at: timeAt(2), contents: marksOf(9), isUnsure: true },
    ],
    ['that it was listed since', [at('/a/a.jpg', 1)], inferred(2, { way: 'list' }), undefined],
    ['nothing at all', [], undefined, undefined],
  ])('is what the newest says, where elsewhere %s is known', (_, events, elsewhere, expected) => {
    const more = { inferred: () => elsewhere, contents: () => marksOf(9) };
    expect(find(events, more)).toEqual(expected);
  });
});
