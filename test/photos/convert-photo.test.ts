import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import { type BmpShape, makeBmp } from './bmp-files.ts';
import { colourPrimaries, mirror, readHeic, turn, withProperties } from './heic-files.ts';
import { makeQuarters, nameQuarters, quartersOf, readQuarters } from './quarters.ts';
import { expectNoMetadata } from './read-metadata.ts';

async function convert(photo: Buffer, formats: ('jpeg' | 'png')[] = ['jpeg', 'png']) {
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) throw new Error(inspected.problem);
  const settings = { prepare: 'auto', stripMetadata: false } as const;
  const prepared = await preparePhoto({ photo, inspected, rules: { formats }, settings });
  if ('problem' in prepared) throw new Error(prepared.problem);
  await expectNoMetadata(prepared.bytes);
  return prepared;
}

describe('HEIC', () => {
  test('as a phone writes it, with a profile and a position', async () => {
    const prepared = await convert(await readHeic('photo'));
    // Its EXIF says that it is turned, the file itself does not.
    expect(prepared).toMatchObject({
      format: 'jpeg',
      warnings: ['converted-from-heic', 'exif-not-applied'],
    });
    expect(await sharp(prepared.bytes).metadata()).toMatchObject({ width: 96, height: 64, space: 'srgb' });
    expect(await nameQuarters(prepared.bytes)).toBe(quartersOf[1]);
  });

  test.each([
    ['a quarter against the clock', 8, [turn(1)]],
    ['a half', 3, [turn(2)]],
    ['a quarter with the clock: once, though its EXIF says it, too', 6, [turn(3)]],
    ['left and right', 2, [mirror('left and right')]],
    ['top and bottom', 4, [mirror('top and bottom')]],
    ['turned, then mirrored', 5, [turn(3), mirror('left and right')]],
  ] as const)('turned: %s', async (_, orientation, properties) => {
    const { bytes, warnings } = await convert(withProperties(await readHeic('photo'), properties));
    expect(warnings).toEqual(['converted-from-heic']);
    expect(await nameQuarters(bytes)).toBe(quartersOf[orientation]);
    const { width, height } = await sharp(bytes).metadata();
    expect([width, height]).toEqual(orientation >= 5 ? [64, 96] : [96, 64]);
  });

  test('10 bits a channel, and a quarter that cannot be seen', async () => {
    expect(await nameQuarters((await convert(await readHeic('deep'))).bytes)).toBe('rbgy');
    expect(await nameQuarters((await convert(await readHeic('alpha'))).bytes)).toBe('rbgw');
  });

  test('colours of Display P3, said by a profile or by numbers', async () => {
    const heic = await readHeic('display-p3');
    expect(await nameQuarters((await convert(heic)).bytes)).toBe('rbgy');
    const byNumbers = withProperties(heic, [colourPrimaries(12)], 'colr');
    expect(await nameQuarters((await convert(byNumbers)).bytes)).toBe('rbgy');
    const asSrgb = await convert(withProperties(heic, [colourPrimaries(1)], 'colr'));
    const [red = []] = await readQuarters(asSrgb.bytes);
    expect(red[1]).toBeGreaterThan(35); // the red of sRGB is no pure red there
  });

  test('broken: a problem, and the next one is well', async () => {
    const heic = await readHeic('photo');
    for (const length of [700, 1000, heic.length - 100]) {
      await expect(convert(heic.subarray(0, length))).rejects.toThrow(
        /^photo is a heic image that cannot be decoded: ./,
      );
    }
    expect(await nameQuarters((await convert(heic)).bytes)).toBe('rbgy');
  });
});

describe('JPEG 2000', () => {
  const read = (name: string) => readFile(new URL(`../fixtures/jp2/${name}`, import.meta.url));

  test.each([
    ['photo.jp2', 'rbgy'],
    ['lossy.jp2', 'rbgy'],
    ['codestream.j2k', 'rbgy'],
  ])('%s', async (name, quarters) => {
    const prepared = await convert(await read(name));
    expect(prepared).toMatchObject({ format: 'jpeg', warnings: ['converted-from-jp2'] });
    expect(await sharp(prepared.bytes).metadata()).toMatchObject({ width: 96, height: 64, space: 'srgb' });
    expect(await nameQuarters(prepared.bytes, 40)).toBe(quarters);
  });

  test('by the size of its own codestream, not of what looks like one before it', async () => {
    const photo = await read('photo.jp2');
    const text = Buffer.concat([Buffer.from('....xml \xff\x4f\xff\x51', 'latin1'), Buffer.alloc(40)]);
    text.writeUInt32BE(text.length, 0);
    const signature = photo.subarray(0, 12);
    const planted = Buffer.concat([signature, text, photo.subarray(12)]);
    expect(await inspectPhoto(planted)).toMatchObject({ width: 96, height: 64 });
  });

  test('in grey, and of 16 bits', async () => {
    const [red = []] = await readQuarters((await convert(await read('grey.jp2'), ['png'])).bytes);
    expect(red).toEqual([76, 76, 76]);
    const [deep = []] = await readQuarters((await convert(await read('deep.jp2'), ['png'])).bytes);
    for (const value of deep) expect(Math.abs(value - 40_000 / 256)).toBeLessThan(2);
  });

  test('broken: a problem, and the next one is well', async () => {
    const photo = await read('photo.jp2');
    for (const length of [150, Math.floor(photo.length / 2), photo.length - 40])
      await expect(convert(photo.subarray(0, length))).rejects.toThrow(
        /^photo is a jp2 image that cannot be decoded: ./,
      );
    await expect(convert(await read('alpha.jp2'))).rejects.toThrow('neither grey nor RGB without alpha');
    await expect(convert(photo.subarray(0, 60))).rejects.toThrow('begins like a jp2 image');
    expect(await nameQuarters((await convert(photo)).bytes)).toBe('rbgy');
  });
});

describe('BMP', () => {
  test.each<[string, BmpShape]>([
    ['1 bit', { bits: 1 }],
    ['4 bits', { bits: 4 }],
    ['4 bits, run lengths', { bits: 4, runLengths: true }],
    ['8 bits', { bits: 8 }],
    ['8 bits of OS/2', { bits: 8, core: true }],
    ['8 bits, run lengths', { bits: 8, runLengths: true }],
    ['16 bits', { bits: 16 }],
    ['16 bits, 5-6-5', { bits: 16, masks: [0xf800, 0x07e0, 0x001f] }],
    ['24 bits', { bits: 24 }],
    ['24 bits, from the top', { bits: 24, topDown: true }],
    ['32 bits', { bits: 32 }],
    ['32 bits, other masks', { bits: 32, masks: [0xff, 0xff00, 0xff0000] }],
  ])('%s', async (_, shape) => {
    const prepared = await convert(makeBmp(shape), ['png']);
    expect(prepared.warnings).toEqual(['converted-from-bmp']);
    const { width, height } = await sharp(prepared.bytes).metadata();
    expect([width, height]).toEqual([33, 22]);
    expect(await nameQuarters(prepared.bytes, 5)).toBe(shape.bits === 1 ? 'rbrb' : 'rbgy');
  });

  test('one that breaks off', async () => {
    const bmp = makeBmp({ bits: 24 });
    await expect(convert(bmp.subarray(0, bmp.length - 50))).rejects.toThrow(
      'cannot be decoded: it breaks off',
    );
    const runs = makeBmp({ bits: 8, runLengths: true });
    expect(await nameQuarters((await convert(runs.subarray(0, runs.length - 1))).bytes)).toBe('rbgy');
  });
});

describe('what libvips decodes', () => {
  test.each(['webp', 'avif', 'tiff', 'gif'] as const)('%s: its colours', async (format) => {
    const photo = await makeQuarters().toFormat(format).toBuffer();
    expect(await nameQuarters((await convert(photo)).bytes)).toBe('rbgy');
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i', async (orientation) => {
    const photo = await makeQuarters().withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    const { bytes, warnings } = await convert(photo, ['png']);
    expect(warnings).toContain('converted-from-jpeg');
    expect(await nameQuarters(bytes, 20)).toBe(quartersOf[orientation]);
  });

  test('the first page, the first frame', async () => {
    const first = await makeQuarters().png().toBuffer();
    const second = await makeQuarters().negate().png().toBuffer();
    for (const format of ['tiff', 'gif', 'webp'] as const) {
      const photo = await sharp([first, second], { join: { animated: true } })
        .toFormat(format)
        .toBuffer();
      const { bytes, warnings } = await convert(photo);
      expect(warnings).toEqual([`converted-from-${format}`, 'first-picture-only']);
      expect(await nameQuarters(bytes, 20)).toBe('rbgy');
      expect(await sharp(bytes).metadata()).toMatchObject({ width: 96, height: 64 });
    }
  });

  test('Display P3, CMYK, 16 bits, grey: sRGB of 8 bits comes out', async () => {
    const wide = await makeQuarters().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer();
    expect((await readQuarters(wide, { ignoreIcc: true }))[0]?.[1]).toBeGreaterThan(35);
    const turned = await sharp(wide).keepIccProfile().withMetadata({ orientation: 2 }).jpeg().toBuffer();
    expect((await sharp(turned).metadata()).icc).toBeDefined();
    expect(await nameQuarters((await convert(turned)).bytes, 20)).toBe('bryg');

    const printed = await makeQuarters().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect(await sharp(printed).metadata()).toMatchObject({ space: 'cmyk', channels: 4 });
    const [red, , , grey] = await readQuarters((await convert(printed, ['png'])).bytes);
    expect(red?.[0]).toBeGreaterThan(200);
    expect(Math.max(red?.[1] ?? 255, red?.[2] ?? 255)).toBeLessThan(60);
    for (const value of grey ?? []) expect(Math.abs(value - 128)).toBeLessThan(15);

    const deep = await makeQuarters().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(await nameQuarters((await convert(deep, ['jpeg'])).bytes)).toBe('rbgy');

    const plain = await makeQuarters().greyscale().webp().toBuffer();
    expect((await nameQuarters((await convert(plain)).bytes)).at(-1)).toBe('y');
  });
});
