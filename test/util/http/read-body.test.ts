import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readBody } from '../../../src/util/http/read-body.ts';

const json = '{"info":"für Müller"}';
const bytes = Buffer.from(json);
const limitInBytes = 1000;
const read = (body: Buffer, encoding?: string | string[], type?: string) =>
  readBody(body, { limitInBytes, headers: { 'content-encoding': encoding, 'content-type': type } });

describe('a compressed body', () => {
  test.each<[string, Buffer, string | string[] | undefined]>([
    ['not compressed', bytes, undefined],
    ['identity', bytes, 'identity'],
    ['gzip', gzipSync(bytes), 'gzip'],
    ['gzip in capitals', gzipSync(bytes), ' GZIP '],
    ['x-gzip', gzipSync(bytes), 'x-gzip'],
    [
      'gzip in two members',
      Buffer.concat([gzipSync(bytes.subarray(0, 5)), gzipSync(bytes.subarray(5))]),
      'gzip',
    ],
    ['deflate', deflateSync(bytes), 'deflate'],
    ['deflate without a header', deflateRawSync(bytes), 'deflate'],
    ['br', brotliCompressSync(bytes), 'br'],
    ['gzip in br', brotliCompressSync(gzipSync(bytes)), 'gzip, br'],
    ['two headers', brotliCompressSync(gzipSync(bytes)), ['gzip', 'br']],
    ['unpacked by a proxy that kept the header', bytes, 'gzip'],
    ['plain under an unknown name', bytes, 'aws-chunked'],
    ['a name of the prototype', bytes, 'constructor'],
  ])('%s', (_, body, encoding) => expect(read(body, encoding)).toEqual({ text: json }));

  test.each<[string, Buffer, string]>([
    ['cut', gzipSync(bytes).subarray(0, 15), 'gzip'],
    ['damaged', Buffer.from(gzipSync(bytes)).fill(7, 12, 16), 'gzip'],
    ['of another kind', gzipSync(bytes), 'br'],
    ['of an unknown kind', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'zstd'],
    ['in too many layers', bytes, 'identity, identity, identity, identity'],
  ])('%s has no text', (_, body, encoding) =>
    expect(read(body, encoding)).toEqual({ unread: 'is compressed and cannot be unpacked' }),
  );

  test.each<[string, Buffer, string]>([
    ['gzip', gzipSync(Buffer.alloc(100_000_000)), 'gzip'],
    ['deflate', deflateSync(Buffer.alloc(1_001, 'a')), 'deflate'],
    ['br', brotliCompressSync(Buffer.alloc(1_001, 'a')), 'br'],
    ['gzip in gzip', gzipSync(gzipSync(Buffer.alloc(100_000))), 'gzip, gzip'],
  ])('a bomb (%s) is not unpacked', (_, body, encoding) =>
    expect(read(body, encoding)).toEqual({ unread: 'is too long' }),
  );
});

test('NULs that are no padding stay, and cost no time', () => {
  const body = Buffer.concat([Buffer.alloc(1_000_000), bytes]);
  expect(readBody(body, { limitInBytes: 2_000_000, headers: {} })).toEqual({ text: body.toString() });
});

describe('letters', () => {
  const utf16 = Buffer.from(json, 'utf16le');
  const swapped = Buffer.from(utf16).swap16();
  test.each<[string, Buffer, string | undefined]>([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${json}`), 'application/json'],
    ['UTF-16 by its type', utf16, 'application/json; charset=utf-16'],
    ['UTF-16 by its mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), 'application/json'],
    ['UTF-16, the other way round', Buffer.concat([Buffer.from([0xfe, 0xff]), swapped]), undefined],
    ['ISO 8859-1', Buffer.from(json, 'latin1'), 'application/json; charset=iso-8859-1'],
    ['a charset in quotes', Buffer.from(json, 'latin1'), 'text/plain; charset="ISO-8859-1"'],
    ['an unknown charset', bytes, 'text/plain; charset=klingon'],
    ['NULs at the end', Buffer.concat([bytes, Buffer.alloc(3)]), undefined],
    ['a million of them', Buffer.concat([bytes, Buffer.alloc(1_000_000)]), undefined],
  ])('%s', (_, body, type) => expect(read(body, undefined, type)).toEqual({ text: json }));
});
