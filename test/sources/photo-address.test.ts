import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInside, resolvePhotoAddress } from '../../src/sources/photo-address.ts';

const resolve = (cell: string, allowOutside = false) =>
  resolvePhotoAddress({ cell, folder: '/archive', allowOutside });

test.each([
  ['a.jpg', '/archive/a.jpg'],
  ['./staff/../a b.jpg', '/archive/a b.jpg'],
  ['/archive/x/ü.jpg', '/archive/x/ü.jpg'],
  ['..a.jpg', '/archive/..a.jpg'],
  ['photo:1.jpg', '/archive/photo:1.jpg'],
  ['what?.jpg', '/archive/what?.jpg'],
  ['https://photos.example/a.jpg?X-Amz-Signature=abc', 'https://photos.example/a.jpg?X-Amz-Signature=abc'],
])('%j is %j', (cell, photo) => {
  expect(resolve(cell)).toEqual({ photo });
});

test.each([
  ['', /empty/],
  ['  ', /empty/],
  ['a\0.jpg', /NUL/],
  ['x'.repeat(9000), /longer than 8192/],
  ['../a.jpg', /leaves the folder \/archive; --allow-outside/],
  ['/etc/passwd', /leaves the folder/],
  ['/archive2/a.jpg', /leaves the folder/],
  ['.', /leaves the folder/],
  ['http://u:secret@photos.example/a.jpg', /without encryption; give an https/],
  ['HTTP://photos.example/a.jpg', /without encryption/],
  ['s3://bucket/a.jpg', /S3 photos are not supported/],
  ['file:///etc/passwd', /file:\/\/ is not read/],
  ['data:image/png;base64,c2VjcmV0', /data: addresses are not read/],
  ['ftp://photos.example/a.jpg', /ftp: addresses are not read/],
  ['https://', /not a valid address/],
  ['https:/u:secret@photos.example/a.jpg', /not a valid address/],
  [' https://u:secret@photos.example/a.jpg', /not a valid address/],
])('%j is a problem', (cell, problem) => {
  const resolved = resolve(cell);
  expect(resolved).toEqual({ problem: expect.stringMatching(problem) });
  expect(JSON.stringify(resolved)).not.toContain('secret');
});

test('a path outside is permitted where that is wanted', () => {
  expect(resolve('../a.jpg', true)).toEqual({ photo: '/a.jpg' });
  expect(resolve('/etc/passwd', true)).toEqual({ photo: '/etc/passwd' });
});

test('a resolved path always lies inside', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'archive'), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const resolved = resolve(parts.join('/'));
      if ('photo' in resolved && resolved.photo.startsWith('/')) {
        expect(resolved.photo.startsWith('/archive/')).toBe(true);
        expect(isInside('/archive', resolved.photo)).toBe(true);
      }
    }),
  );
});
