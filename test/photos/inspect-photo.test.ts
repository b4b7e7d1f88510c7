import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { randomInputs } from '../helpers/long.ts';
import {
  makeAnimation,
  makeBmpHeader,
  makeHeicHeader,
  makePngThatClaims,
  makeTwoColours,
  readSample,
} from './sample-images.ts';

test('a real photo', async () => {
  expect(await inspectPhoto(await readSample())).toEqual({
    format: 'jpeg',
    width: 1920,
    height: 1280,
    orientation: 1,
    animated: false,
  });
});

test.each(['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const)('%s, by its bytes', async (format) => {
  const bytes = await makeTwoColours().toFormat(format).toBuffer();
  expect(await inspectPhoto(bytes)).toEqual({
    format,
    width: 80,
    height: 40,
    orientation: 1,
    animated: false,
  });
});

test('HEIC and BMP by their headers', async () => {
  expect(await inspectPhoto(makeHeicHeader(4032, 3024))).toMatchObject({
    format: 'heic',
    width: 4032,
    height: 3024,
  });
  expect(await inspectPhoto(makeBmpHeader(640, -480))).toMatchObject({
    format: 'bmp',
    width: 640,
    height: 480,
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i', async (orientation) => {
  const bytes = await makeTwoColours().withMetadata({ orientation }).jpeg().toBuffer();
  expect(await inspectPhoto(bytes)).toMatchObject({ width: 80, height: 40, orientation });
});

test('several pictures in one', async () => {
  expect(await inspectPhoto(await makeAnimation(['red', 'blue']))).toMatchObject({
    width: 9,
    height: 5,
    animated: true,
  });
});

test('a photo that breaks off after its header passes: the engine judges it', async () => {
  const photo = await readSample();
  expect(await inspectPhoto(photo.subarray(0, 20_000))).toMatchObject({ format: 'jpeg', width: 1920 });
});

describe('refused', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'photo is empty'],
    ['text', Buffer.from('<html><body>no photo</body></html>'), 'it begins with "<html><body>no p"'],
    [
      'a drawing',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'not an image format that rollcall knows',
    ],
    ['zeros', Buffer.alloc(100), 'it begins with 0000000000000000'],
    ['a JPEG without a picture', Buffer.from([0xff, 0xd8, 0xff, 0xd9]), 'begins like a jpeg image'],
    ['a HEIC without a size', makeHeicHeader(0, 0).subarray(0, 30), 'begins like a heic image'],
    [
      'a PNG bomb',
      makePngThatClaims(60_000, 60_000),
      'claims 60000 x 60000 pixels, more than the 100 million',
    ],
    ['a BMP bomb', makeBmpHeader(60_000, 60_000), 'claims 60000 x 60000 pixels'],
    ['a HEIC bomb', makeHeicHeader(60_000, 60_000), 'claims 60000 x 60000 pixels'],
  ])('%s', async (_, bytes, text) => {
    expect(await inspectPhoto(bytes)).toEqual({ problem: expect.stringContaining(text), retryable: false });
  });

  test.each<[string | Buffer, string]>([
    ['\xff\x0a\0\0', 'JPEG XL: convert it to JPEG'],
    ['\0\0\0\x0cJXL \r\n\x87\n', 'JPEG XL'],
    ['\0\0\0\x10ftypjxl \0\0\0\0', 'JPEG XL'],
    ['\0\0\0\x18ftypcrx \0\0\0\x01crx isom', "a camera's raw file (CR3): export it as JPEG"],
    ['FUJIFILMCCD-RAW ', "a camera's raw file"],
    ['\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'a video'],
    ['\0\0\0\x1cftypisom\0\0\x02\0', 'a video'],
    ['%PDF-1.4\n', 'a PDF document'],
    ['<!DOCTYPE html><html><body>Sign in', 'a web page (HTML), perhaps a login'],
    ['\n\n  <html lang="en">', 'a web page (HTML)'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'an SVG drawing'],
    ['<?xml version="1.0"?>\n<svg/>', 'an SVG drawing'],
    ['<?xml version="1.0"?>\n<Error><Code>NoSuchKey', 'XML, perhaps the error of a store'],
    ['{"error": "expired"}', 'JSON text'],
    ['HTTP/1.1 200 OK\r\n\r\n\xff\xd8\xff\xe0', 'an HTTP reply with its headers'],
    ['version https://git-lfs.github.com/spec/v1\n', 'a pointer of Git LFS'],
    ['data:image/jpeg;base64,/9j/', 'a data address'],
    ['/9j/4AAQSkZJRgAB', 'an image written as base64'],
    ['iVBORw0KGgoAAAANSUhEUg', 'an image written as base64'],
    ['\xc3\xbf\xc3\x98\xc3\xbf\xc3\xa0', 'an image that was saved as text'],
    ['\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd', 'an image that was saved as text'],
    ['\n\xff\xd8\xff\xe0', 'an image with other bytes before it'],
    ['\xef\xbb\xbf\xff\xd8\xff\xdb', 'an image with other bytes before it'],
    ['PK\x03\x04', 'a ZIP archive'],
    ['\x1f\x8b\x08', 'a compressed file'],
    ['8BPS\0\x01', 'a Photoshop file'],
    ['\0\0\x01\0\x05', 'an icon'],
    ['\xff\xa0\xff\xa8', 'a picture of a fingerprint (WSQ)'],
    [`FAC\x00010\0${'\0'.repeat(40)}\xff\xd8\xff\xe0`, 'a biometric record (ISO 19794)'],
    [`${'\0'.repeat(128)}DICM`, 'a medical picture (DICOM)'],
    [Buffer.alloc(4096), 'zeros, as a copy leaves them that broke off'],
  ])('%j is named', async (bytes, what) => {
    const photo = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    expect(await inspectPhoto(photo)).toEqual({
      problem: expect.stringContaining(`not an image format that rollcall knows, but ${what}`),
      retryable: false,
    });
  });

  test('what nobody can name shows how it begins', async () => {
    expect(await inspectPhoto(Buffer.from('some text'))).toMatchObject({
      problem: 'photo is not an image format that rollcall knows; it begins with "some text"',
    });
  });

  test('a bomb costs neither time nor memory', async () => {
    const bomb = makePngThatClaims(60_000, 60_000);
    await inspectPhoto(bomb);
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 20; round += 1) await inspectPhoto(bomb);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50e6); // decoded, one alone takes 10.8 GB
  });
});

test('no bytes make it throw', async () => {
  const beginnings = [
    '',
    '\xff\xd8\xff',
    '\x89PNG\r\n\x1a\n',
    'RIFF....WEBP',
    'GIF89a',
    'II*\0',
    'BM',
    '\0\0\0\x18ftypavif',
    '\0\0\0\x0cjP  \r\n\x87\n',
    '\xff\x4f\xff\x51',
  ];
  const bytes = fc.tuple(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 400 }));
  await fc.assert(
    fc.asyncProperty(bytes, async ([beginning, rest]) => {
      const inspected = await inspectPhoto(Buffer.concat([Buffer.from(beginning, 'latin1'), rest]));
      expect('problem' in inspected || inspected.width > 0).toBe(true);
    }),
    { numRuns: randomInputs(300) },
  );
});
