import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { jsonPhotoBody } from '../../src/engines/json-photo-body.ts';

test.each([0, 1, 2, 3, 49_151, 49_152, 49_153, 98_304, 1_000_003])('a photo of %i bytes', (sizeInBytes) => {
  const photo = randomBytes(sizeInBytes);
  const fields = { subject_id: 'Zoë "Ångström"\u2028\n', is_quality: true };
  const body = jsonPhotoBody({ fields, field: 'image', photo });
  expect(JSON.parse(body.toString())).toEqual({ ...fields, image: photo.toString('base64') });
  expect(JSON.parse(jsonPhotoBody({ fields: {}, field: 'image', photo }).toString())).toEqual({
    image: photo.toString('base64'),
  });
});
