import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIdPattern } from '../../src/sources/id-from.ts';

test.each([
  ['{id}.{ext}', 'anna.jpg', 'anna'],
  ['{id}.{ext}', 'staff/north/anna.maria.JPG', 'anna.maria'],
  ['{id}.{ext}', 'no-suffix', undefined],
  ['{id}.{ext}', 'new\nline.png', 'new\nline'],
  ['{id}/{photo}.{ext}', 'staff/anna/front.jpg', 'anna'],
  ['{id}/{photo}.{ext}', 'front.jpg', undefined],
  ['staff/{id}_{photo}.{ext}', 'old/staff/anna_1.jpg', 'anna'],
  ['staff/{id}_{photo}.{ext}', 'staff/anna_maria_1.jpg', 'anna_maria'],
  ['staff/{id}_{photo}.{ext}', 'mystaff/anna_1.jpg', undefined],
  ['staff/{id}_{photo}.{ext}', 'staff/x/anna_1.jpg', undefined],
  ['({id}+).{ext}', '(anna+).jpg', 'anna'],
  ['{id}-front.{ext}', 'anna-front.jpg', 'anna'],
  ['{id}-front.{ext}', 'anna-back.jpg', undefined],
  ['{id}', 'staff/anna', 'anna'],
  ['{id}.{ext}', '.jpg', undefined],
  ['{id}.{ext}', '😀.jpg', '😀'],
])('%s reads %j as %j', (pattern, path, id) => {
  expect(parseIdPattern(pattern).match(path)).toBe(id);
});

test('says whether several photos of a subject are meant', () => {
  expect(parseIdPattern('{id}.{ext}').hasPhoto).toBe(false);
  expect(parseIdPattern('{id}/{photo}.{ext}').hasPhoto).toBe(true);
});

describe('a pattern that cannot be used', () => {
  test.each([
    ['{photo}.{ext}', /no \{id\}/],
    ['', /no \{id\}/],
    ['{id}.{suffix}', /\{suffix\} is unknown/],
    ['{id}{photo}.{ext}', /nothing separates \{id\} from \{photo\}/],
    ['{id}/{id}.{ext}', /\{id\} is in it twice/],
    ['{id}.{ext', /brace is not paired/],
    ['{id}.{toString}', /unknown/],
  ])('%j is refused and says why', (pattern, why) => {
    expect(() => parseIdPattern(pattern)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => parseIdPattern(pattern)).toThrow(why);
  });
});

test('gives back the id that a path was made of', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[/.]/u.test(text));
  fc.assert(
    fc.property(name, fc.array(name, { maxLength: 3 }), name, (id, folders, photo) => {
      const path = [...folders, id, `${photo}.jpg`].join('/');
      expect(parseIdPattern('{id}/{photo}.{ext}').match(path)).toBe(id);
      expect(parseIdPattern('{id}.{ext}').match([...folders, `${id}.png`].join('/'))).toBe(id);
    }),
  );
});

test('never gives an id with a slash, whatever the path', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom('{id}.{ext}', '{id}/{photo}.{ext}', 'a{id}_{photo}'),
      (path, pattern) => {
        const id = parseIdPattern(pattern).match(path);
        if (id !== undefined) expect(path.includes(id) && !id.includes('/') && id !== '').toBe(true);
      },
    ),
  );
});
