import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
  ['./more/photos.zip!/a.jpg', '/archive/more/photos.zip!/a.jpg'],
  ['x/../photos.TGZ!/a//./b c!.jpg', '/archive/photos.TGZ!/a/b c!.jpg'],
  ['a!/b.jpg', '/archive/a!/b.jpg'],
  ['S3://bucket/a b+%20.jpg', 's3://bucket/a b+%20.jpg'],
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
  ['../photos.zip!/a.jpg', /leaves the folder/],
  ['photos.zip!/../a.jpg', /has ".." in its name/],
  ['photos.zip!//etc/passwd', /has an absolute path/],
  ['/archive2/a.jpg', /leaves the folder/],
  ['.', /leaves the folder/],
  ['http://u:secret@photos.example/a.jpg', /without encryption; give an https/],
  ['HTTP://photos.example/a.jpg', /without encryption/],
  ['s3://bucket/', /names a bucket and no object/],
  ['s3://key:secret@bucket/a.jpg', /credentials belong in AWS_ACCESS_KEY_ID/],
  ['s3:/bucket/a.jpg', /is not a valid address; give s3/],
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

describe('beside a manifest on S3', () => {
  const onS3 = (cell: string, allowOutside = false) =>
    resolvePhotoAddress({ cell, folder: 's3://bucket/staff/2026/', allowOutside });

  test.each([
    ['a b+%20.jpg', 's3://bucket/staff/2026/a b+%20.jpg'],
    ['./x/../ü.jpg', 's3://bucket/staff/2026/ü.jpg'],
    ['x//y.jpg', 's3://bucket/staff/2026/x//y.jpg'],
    ['s3://other/a.jpg', 's3://other/a.jpg'],
    ['https://photos.example/a.jpg', 'https://photos.example/a.jpg'],
  ])('%j is %j', (cell, photo) => {
    expect(onS3(cell)).toEqual({ photo });
  });

  test.each([
    ['/etc/passwd', /is a path on some machine/],
    ['../2025/a.jpg', /leaves the prefix s3:\/\/bucket\/staff\/2026\/; --allow-outside/],
    ['../2026', /leaves the prefix/],
    ['../../../a.jpg', /leaves the bucket bucket/],
  ])('%j is a problem', (cell, problem) => {
    expect(onS3(cell)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test('another prefix is permitted where that is wanted; a path and another bucket by dots never', () => {
    expect(onS3('../2025/a.jpg', true)).toEqual({ photo: 's3://bucket/staff/2025/a.jpg' });
    expect(onS3('/etc/passwd', true)).toHaveProperty('problem');
    expect(onS3('../../../a.jpg', true)).toHaveProperty('problem');
  });
});
