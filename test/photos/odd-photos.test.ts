import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import type { PhotoRules } from '../../src/photos/photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import { segment, withExif, withSegments } from './jpeg-files.ts';
import { makeQuarters, nameQuarters, quartersOf, readQuarters } from './quarters.ts';
import { makeNoise } from './sample-images.ts';
import { makeTiff, type TiffShape } from './tiff-files.ts';

async function prepare(photo: Buffer, maxSizeInBytes?: number) {
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) throw new Error(inspected.problem);
  const rules: PhotoRules = { formats: ['jpeg', 'png'], ...(maxSizeInBytes && { maxSizeInBytes }) };
  const settings = { prepare: 'auto', stripMetadata: false } as const;
  const prepared = await preparePhoto({ photo, inspected, rules, settings });
  if ('problem' in prepared) throw new Error(prepared.problem);
  return prepared;
}

describe('of the pictures of a TIFF the largest full one is sent', () => {
  const full: TiffShape = { width: 40, height: 30, colour: [200, 0, 0] };
  const thumbnail: TiffShape = { width: 8, height: 6, colour: [0, 0, 200], kind: 1 };
  const preview: TiffShape = { width: 20, height: 15, colour: [0, 200, 0], kind: 1 };
  const mask: TiffShape = { width: 80, height: 60, colour: [9, 9, 9], kind: 4 };
  const { kind: _, ...unmarked } = thumbnail;

  test.each<[string, readonly TiffShape[], string]>([
    ['alone', [full], ''],
    ['before a thumbnail', [full, thumbnail], 'first-picture-only'],
    ['behind a thumbnail', [thumbnail, full], 'largest-picture-only'],
    ['behind a thumbnail that is not marked', [unmarked, full], 'largest-picture-only'],
    ['between thumbnail and preview', [thumbnail, full, preview], 'largest-picture-only'],
    ['behind a mask that is larger', [mask, full], 'largest-picture-only'],
    ['behind a larger one that is marked as reduced', [{ ...mask, kind: 1 }, full], 'largest-picture-only'],
    ['in the directory of a thumbnail', [{ ...thumbnail, sub: [preview, full] }], 'largest-picture-only'],
    ['with a preview in its directory', [{ ...full, sub: [preview] }], ''],
    ['the first of two alike', [full, { ...full, colour: [0, 0, 200] }], 'first-picture-only'],
    ['marked as reduced, as all are', [thumbnail, { ...full, kind: 1 }], 'largest-picture-only'],
  ])('%s', async (_, shapes, warning) => {
    for (const form of [{}, { bigEndian: true }]) {
      const { bytes, warnings } = await prepare(makeTiff(shapes, form));
      expect(warnings).toEqual(['converted-from-tiff', ...(warning === '' ? [] : [warning])]);
      expect(await sharp(bytes).metadata()).toMatchObject({ width: 40, height: 30 });
      expect((await readQuarters(bytes))[0]?.[0]).toBeGreaterThan(190);
    }
  });

  test('turned as its own orientation says', async () => {
    const { bytes, warnings } = await prepare(
      makeTiff([
        { ...thumbnail, orientation: 3 },
        { ...full, orientation: 6 },
      ]),
    );
    expect(warnings).toEqual(['exif-rotated', 'converted-from-tiff', 'largest-picture-only']);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 30, height: 40 });
  });

  test('where directories go in a circle, or break off', async () => {
    const circle = makeTiff([thumbnail, full], { loops: true });
    expect(await inspectPhoto(circle)).toMatchObject({ width: 40 });
    const whole = makeTiff([thumbnail, full]);
    for (let length = 8; length < whole.length; length += 97) {
      const inspected = await inspectPhoto(whole.subarray(0, length));
      if ('problem' in inspected) expect(inspected.problem).toContain('begins like a tiff image');
    }
  });

  test.each<[string, TiffShape]>([
    ['a DNG with a thumbnail', { ...thumbnail, dng: true }],
    ["a camera's sensor behind a thumbnail", { ...thumbnail, sub: [{ ...full, photometric: 32803 }] }],
    ['linear raw data', { ...full, photometric: 34892 }],
  ])('and none of %s: it would be a preview', async (_, shape) => {
    expect(await inspectPhoto(makeTiff([shape]))).toEqual({
      problem: expect.stringMatching(/camera's raw file .*export it as JPEG/),
      retryable: false,
    });
  });
});

describe('a photo that is too large only for what is beside its picture', () => {
  const limit = 20_000;
  const picture = () => makeQuarters().jpeg({ quality: 95 }).toBuffer();
  const comment = segment(0xfe, randomBytes(60_000));

  test.each<[string, (jpeg: Buffer) => Buffer | Promise<Buffer>]>([
    ['comments', (jpeg) => withSegments(jpeg, [comment, comment])],
    [
      'XMP',
      (jpeg) => withSegments(jpeg, [segment(0xe1, `http://ns.adobe.com/xap/1.0/\0${'x'.repeat(50_000)}`)]),
    ],
    ["a maker's notes", (jpeg) => withSegments(jpeg, [segment(0xe4, randomBytes(50_000))])],
    ['padding behind its end', (jpeg) => withSegments(jpeg, [], Buffer.alloc(90_000))],
    ['a film behind its end', (jpeg) => withSegments(jpeg, [], randomBytes(90_000))],
    ['bytes before a marker', (jpeg) => withSegments(jpeg, [Buffer.alloc(50_000, 0xff)])],
    [
      'padding behind the end of a PNG',
      async (jpeg) => Buffer.concat([await sharp(jpeg).png().toBuffer(), randomBytes(60_000)]),
    ],
  ])('loses that, and no pixel: %s', async (_, grow) => {
    const jpeg = await picture();
    const photo = await grow(jpeg);
    expect(photo.length).toBeGreaterThan(limit);
    const { bytes, warnings } = await prepare(photo, limit);
    expect(warnings).toEqual(['metadata-stripped']);
    expect(bytes.length).toBeLessThanOrEqual(limit);
    expect(await sharp(bytes).raw().toBuffer()).toEqual(await sharp(photo).raw().toBuffer());
  });

  test('is as it was where it fits', async () => {
    const photo = withSegments(await picture(), [comment]);
    expect(await prepare(photo, photo.length)).toMatchObject({ warnings: [] });
  });

  test('and what is encoded again says so, at whatever quality', async () => {
    const photo = await makeNoise(300, 200).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    const at92 = await sharp(photo).jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer();
    for (const maxSize of [photo.length - 1, at92.length + 2_000]) {
      const { bytes, warnings } = await prepare(withSegments(photo, [comment]), maxSize);
      expect(warnings).toEqual(['recompressed']);
      expect(bytes.length).toBeLessThanOrEqual(maxSize);
    }
  });
});

describe('colours that engines may not read as they are meant', () => {
  const cmyk = () => makeQuarters().toColourspace('cmyk');
  const deep = () => makeQuarters().toColourspace('rgb16');

  test.each<[string, () => Promise<Buffer>]>([
    ['CMYK', () => cmyk().jpeg({ quality: 95 }).toBuffer()],
    ['CMYK, progressive', () => cmyk().jpeg({ quality: 95, progressive: true }).toBuffer()],
    ['CMYK in a TIFF', () => cmyk().tiff({ compression: 'lzw' }).toBuffer()],
    ['16 bits in a PNG', () => deep().png().toBuffer()],
    ['16 bits with alpha in a PNG', () => deep().ensureAlpha().png().toBuffer()],
    ['16 bits of grey in a PNG', () => makeQuarters().toColourspace('grey16').png().toBuffer()],
  ])('are sent in sRGB with 8 bits: %s', async (what, make) => {
    const { bytes, warnings } = await prepare(await make());
    expect(warnings).toContain('converted-to-srgb');
    const { space, depth } = await sharp(bytes).metadata();
    expect({ space, depth }).toEqual({ space: 'srgb', depth: 'uchar' });
    const [first, , , last = []] = await readQuarters(bytes);
    if (!what.includes('grey')) expect(first?.[0]).toBeGreaterThan(200);
    for (const value of last) expect(Math.abs(value - 128)).toBeLessThan(20);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'and are turned upright: CMYK, EXIF orientation %i',
    async (orientation) => {
      const photo = withExif(await cmyk().jpeg({ quality: 95 }).toBuffer(), orientation);
      const { bytes, warnings } = await prepare(photo);
      expect(warnings).toEqual([...(orientation === 1 ? [] : ['exif-rotated']), 'converted-to-srgb']);
      const expected = quartersOf[orientation]?.replace(/[bg]/g, '?');
      expect(await nameQuarters(bytes, 90)).toBe(expected);
      const { width } = await sharp(bytes).metadata();
      expect(width).toBe(orientation < 5 ? 96 : 64);
    },
  );

  test.each<[string, () => Promise<Buffer>]>([
    ['grey', () => makeQuarters().toColourspace('b-w').jpeg().toBuffer()],
    ['grey with alpha', () => makeQuarters().toColourspace('b-w').ensureAlpha().png().toBuffer()],
    ['a palette', () => makeQuarters().png({ palette: true }).toBuffer()],
    ['Display P3', () => makeQuarters().withIccProfile('p3').jpeg().toBuffer()],
  ])('are not %s: byte for byte', async (_, make) => {
    const photo = await make();
    expect(await prepare(photo)).toMatchObject({ bytes: photo, warnings: [] });
  });
});
