import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatS3Address, isS3Address, parseS3Address } from '../../../src/storage/s3/s3-address.ts';

test.each([
  ['s3://bucket', { bucket: 'bucket', key: '' }],
  ['S3://bucket/', { bucket: 'bucket', key: '' }],
  ['s3://my.bucket-1/a/b c+d%20e?f#g.jpg', { bucket: 'my.bucket-1', key: 'a/b c+d%20e?f#g.jpg' }],
  ['s3://bucket//a//b', { bucket: 'bucket', key: '/a//b' }],
  ['s3://bucket/new\nline', { bucket: 'bucket', key: 'new\nline' }],
])('%j', (text, address) => {
  expect(parseS3Address(text)).toEqual(address);
});

test.each([
  ['s3:///a.jpg', /names no bucket/],
  ['s3://key:CANARY@bucket/a.jpg', /credentials belong in/],
  ['s3://a b/c', /no valid name/],
  ['s3://ab/c', /no valid name/],
  ['s3://bucket/a\0b', /not valid text/],
  ['s3://bucket/\uD800', /not valid text/],
  [`s3://bucket/${'ä'.repeat(600)}`, /longer than 1024 bytes/],
  ['bucket/a', /names no bucket/],
])('%j is none', (text, message) => {
  const parse = () => parseS3Address(text);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ exitCode: 2 }));
  expect(parse).not.toThrow(/CANARY/);
});

test('what is written is read again', () => {
  const key = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(key, (text) => {
      const address = { bucket: 'bucket', key: text };
      expect(isS3Address(formatS3Address(address))).toBe(true);
      expect(parseS3Address(formatS3Address(address))).toEqual(address);
    }),
  );
});
