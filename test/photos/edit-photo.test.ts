import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { editPhoto, regionOf } from '../../src/photos/formats/edit-photo.ts';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import type { PhotoEdit } from '../../src/records/decisions/decision.ts';
import { makeQuarters, nameQuarters } from './quarters.ts';

async function edit(photo: Buffer, how: PhotoEdit): Promise<Buffer> {
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) throw new Error(inspected.problem);
  const edited = await editPhoto({ photo, inspected, edit: how });
  if ('problem' in edited) throw new Error(edited.problem);
  return edited;
}

describe('a photo that is edited by hand', () => {
  it.each([
    [0, 'rbgy'],
    [90, 'gryb'],
    [180, 'ygbr'],
    [270, 'byrg'],
  ] as const)('is turned clockwise by %i degrees', async (rotate, quarters) => {
    const photo = await makeQuarters().png().toBuffer();
    expect(await nameQuarters(await edit(photo, { rotate }))).toBe(quarters.replace(' ', ''));
  });

  it('is turned upright by its EXIF first, then by hand, then cropped, and has no metadata', async () => {
    // Stored so that it is seen as gr/yb; a further quarter turn shows yg/br, whose right half is g above r.
    const photo = await makeQuarters().jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer();
    const crop = { left: 0.5, top: 0, width: 0.5, height: 1 };
    const edited = await edit(photo, { rotate: 90, crop });
    expect(await nameQuarters(edited)).toBe('ggrr');
    const { width, height, orientation, exif, icc, format } = await sharp(edited).metadata();
    expect({ width, height, orientation, exif, icc, format }).toEqual({
      ...{ width: 48, height: 64, format: 'jpeg' },
      ...{ orientation: undefined, exif: undefined, icc: undefined },
    });
  });

  it('leaves the given bytes as they are', async () => {
    const photo = await makeQuarters().png().toBuffer();
    const before = Buffer.from(photo);
    await edit(photo, { rotate: 90 });
    expect(photo.equals(before)).toBe(true);
  });

  it('is a problem where it cannot be decoded', async () => {
    const whole = await makeQuarters().jpeg().toBuffer();
    const inspected = await inspectPhoto(whole);
    if ('problem' in inspected) throw new Error(inspected.problem);
    const photo = whole.subarray(0, whole.length / 2);
    expect(await editPhoto({ photo, inspected, edit: { rotate: 90 } })).toHaveProperty('problem');
  });

  it.each([
    [{ left: 0, top: 0, width: 1, height: 1 }, [0, 0, 3, 7]],
    [{ left: 1, top: 1, width: 0.001, height: 0.001 }, [2, 6, 1, 1]],
    [{ left: 0.9999, top: 0.5, width: 0.0001, height: 0.5 }, [2, 4, 1, 3]],
  ])('is cropped to whole pixels inside the picture: %j', (crop, [left, top, width, height]) => {
    expect(regionOf(crop, { width: 3, height: 7 })).toEqual({ left, top, width, height });
  });
});
