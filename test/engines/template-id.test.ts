import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { engineNames, followsFromSubject, templateIdOf } from '../../src/engines/registry.ts';
import { subjectKey } from '../../src/util/subject-id.ts';
import { templateKey } from '../../src/util/template-id.ts';

/** RFC 9562, 5.5, written down a second time. */
function version5(name: string): string {
  const namespace = Buffer.from('6f1a9f5e0c575c0e9b8a3d2f7f4f6a11', 'hex');
  const hash = createHash('sha1').update(namespace).update(name, 'utf8').digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

test('is the version 5 UUID of engine and subject', () => {
  fc.assert(
    fc.property(fc.constantFrom('ooto', 'local'), fc.string({ unit: 'binary' }), (engine, subjectId) => {
      const expected = version5(`${engine}\n${subjectId.normalize('NFC')}`);
      expect(templateIdOf({ engine, subjectId })).toBe(expected);
    }),
  );
});

test('never changes', () => {
  expect(templateIdOf({ engine: 'ooto', subjectId: 'emp-0017' })).toBe(
    '269d4e9d-d57c-5e5d-a060-153f09a53419',
  );
});

test('is the same in every Unicode form, and another at another engine', () => {
  const id = templateIdOf({ engine: 'ooto', subjectId: 'Zo\u00eb' });
  expect(templateIdOf({ engine: 'ooto', subjectId: 'Zoe\u0308' })).toBe(id);
  expect(templateIdOf({ engine: 'local', subjectId: 'Zo\u00eb' })).not.toBe(id);
});

test('is the subject itself at Verihubs', () => {
  expect(templateIdOf({ engine: 'verihubs', subjectId: 'emp-0017' })).toBe('emp-0017');
  expect(templateIdOf({ engine: 'verihubs', subjectId: 'Zoe\u0308' })).toBe('Zo\u00eb');
  const named = { subjectId: 'emp-0017', templateId: 'emp-0017' };
  expect(followsFromSubject({ engine: 'verihubs', ...named })).toBe(true);
  expect(followsFromSubject({ engine: 'ooto', ...named })).toBe(false);
});

test.each([...engineNames, 'another'])(
  'is never shared by two subjects of %s, unless only the case of a UUID keeps them apart',
  (engine) => {
    const uuid = '412d0030-ff93-5f18-be2a-bf70e4cc0b18';
    const ids = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'A', 'e', 'e\u0308', '\u00eb', ' '), maxLength: 3 }),
      fc.constantFrom(uuid, uuid.toUpperCase(), `${uuid} `),
    );
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        const isCaseOnly = templateKey(one) !== subjectKey(one) || templateKey(other) !== subjectKey(other);
        const keyOf = (subjectId: string) => templateKey(templateIdOf({ engine, subjectId }));
        if (!isCaseOnly) expect(keyOf(one) === keyOf(other)).toBe(subjectKey(one) === subjectKey(other));
      }),
    );
  },
);
