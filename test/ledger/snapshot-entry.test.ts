import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printsOf } from '../../src/ledger/fingerprint.ts';
import { contentMark, folderMark, ways } from '../../src/ledger/known-folders.ts';
import {
  isHeldEvent,
  isStoredEvent,
  type LedgerEvent,
  ledgerSchemaName,
  timesOf,
} from '../../src/ledger/ledger-event.ts';
import * as entries from '../../src/ledger/snapshot/entry.ts';
import { ledgerEvents } from './ledger-events.ts';

const withBlanks = [' a', 'a ', '\u200ba'];
const numbers = fc.record({
  file: fc.nat(entries.most.files - 1),
  detail: fc.nat(entries.most.details - 1),
  source: fc.nat(entries.most.sources - 1),
  // A ledger's file has no end: beyond 4 GB, too.
  offset: fc.oneof(
    fc.nat(),
    fc.integer({ min: 2 ** 32 - 2, max: 2 ** 32 + 2 }),
    fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  ),
});
const times = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((at) => new Date(at).toISOString());
const events = fc
  .record({
    event: ledgerEvents,
    more: fc.record(
      {
        at: times,
        seenAt: times,
        subjectId: fc.constantFrom(...withBlanks, 'a', 'Zo\u00eb', 'Zoe\u0308'),
        photo: fc.constantFrom('/x/1.jpg', '/y/z/2.jpg'),
        kind: fc.constantFrom('enrolled', 'rejected', 'unclear', 'of a later version', 'toString'),
        idFrom: fc.constantFrom('path', 'list', undefined),
        folder: fc.constantFrom('/f', undefined),
        sha256: fc.constantFrom('0123456789abcdef'.repeat(4), undefined),
      },
      { requiredKeys: ['sha256'] },
    ),
  })
  .map(({ event, more }) => ({ ...event, ...more }) as LedgerEvent);

function written(event: LedgerEvent, given: entries.EntryNumbers, idFrom = '{id}.{ext}') {
  const entry = new Uint32Array(entries.entryWords);
  entries.writeEntry(entry, event, { ...given, idFrom });
  return entry;
}

it('an entry says what its line says', () => {
  fc.assert(
    fc.property(events, numbers, (event, given) => {
      const entry = written(event, given);
      expect({
        file: entries.fileOf(entry),
        detail: entries.detailOf(entry),
        source: entries.sourceOf(entry),
        offset: entries.offsetOf(entry),
      }).toEqual(given);
      expect(entries.timesOfEntry(entry)).toEqual(timesOf(event));
      expect(entries.isEnrolled(entry)).toBe(event.kind === 'enrolled');
      expect(entries.isRejected(entry)).toBe(event.kind === 'rejected');
      expect(entries.isHeld(entry)).toBe(isHeldEvent(event));
      expect(entries.isStored(entry)).toBe(isStoredEvent(event));
      expect(entries.wayOf(entry)).toBe(event.idFrom ?? 'older');
      expect(entries.contentOf(entry)).toBe(event.sha256 && contentMark(event.sha256));
      expect(entries.hasBlanks(entry)).toBe(withBlanks.includes(event.subjectId));
      const { listed = '', content = '' } = printsOf(event);
      expect({ ...entries.printsOfEntry(entry) }).toEqual({ listed, content });
      expect(entries.isOfPhoto(entry, entries.photoHash(event.photo))).toBe(true);
      const [first, second] = entries.photoHash(event.photo);
      expect(entries.isOfPhoto(entry, [first, second ^ 1])).toBe(false);
      expect(entries.isOfPhoto(entry, [first ^ 1, second])).toBe(false);
      expect([...entry.subarray(0, 3)]).toEqual([...entries.subjectHash(event.subjectId)]);
    }),
  );
});

it('an entry under another number of its file is the same in all else', () => {
  fc.assert(
    fc.property(events, numbers, fc.nat(entries.most.files - 1), (event, given, file) => {
      const entry = written(event, given);
      entries.setFile(entry, file);
      expect(entry).toEqual(written(event, { ...given, file }));
    }),
  );
});

const some: entries.EntryNumbers = { file: 1, detail: 2, source: 3, offset: 4 };
const enrolled: LedgerEvent = {
  schema: ledgerSchemaName,
  kind: 'enrolled',
  subjectId: 'a',
  photo: '/x/y/a.jpg',
  at: '2026-11-22T01:00:00.000Z',
  source: '/s',
};

it('an entry knows the folder that its line names, else the one that the pattern gives; a listed id has none', () => {
  const folderOf = (more: Partial<LedgerEvent>, idFrom?: string) =>
    entries.folderOfEntry(written({ ...enrolled, ...more }, some, idFrom));
  expect(folderOf({ folder: '/f', idFrom: 'path' })).toBe(folderMark('/f'));
  expect(folderOf({})).toBe(folderMark('/x/y'));
  expect(folderOf({}, '{id}/{photo}.{ext}')).toBe(folderMark('/x'));
  expect(new Set([folderOf({ idFrom: 'list' }), folderOf({ idFrom: 'list', folder: '/f' })]).size).toBe(1);
});

it('hashes are of the subject as it is compared, and never those of the end of a table', () => {
  expect(entries.subjectHash('Zo\u00eb')).toEqual(entries.subjectHash('Zoe\u0308'));
  const all = Array.from({ length: 200 }, (_, index) => entries.subjectHash(`subject ${index}`));
  for (const words of all) {
    for (const word of words) expect(word >= 0 && word < 2 ** 32 && Number.isInteger(word)).toBe(true);
    expect(words[2]).toBeGreaterThan(0);
  }
  expect(new Set(all.flat()).size).toBeGreaterThan(590);
  // Kept on disk: another hash is another version of the format.
  expect(entries.subjectHash('subject 1').map((word) => word.toString(16))).toEqual([
    'f32ca7b1',
    '9612ca0e',
    'a553333',
  ]);
  expect(entries.photoHash('/x/1.jpg').map((word) => word.toString(16))).toEqual(['1bca04ec', '3a1d9bc']);
});

it('a partition is named by the first eight bits', () => {
  expect(
    [0, 0x00ff_ffff, 0x0100_0000, 0xffff_ffff].map((word) => entries.partitionOf(Uint32Array.of(7, word), 1)),
  ).toEqual([0, 0, 1, 255]);
  expect(ways.length).toBeLessThanOrEqual(4);
});
