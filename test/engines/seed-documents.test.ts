import { expect, test } from 'vitest';
import { readOotoEnrollDocument } from '../helpers/seed-documents.ts';

test('the enroll page is read whole', () => {
  const document = readOotoEnrollDocument();
  expect(document.basePath).toBe('/api/v1.0');
  expect(document.endpoint).toBe('/add');
  expect(document.headers).toEqual(['APP-ID', 'APP-KEY']);
  expect(document.queryParameters).toEqual(['check_liveness', 'check_deepfake']);
  expect([...document.codes.keys()]).toEqual([1, 2, 3, 4, 5, 6, 9]);
  expect(document.codes.get(document.error.result.code as number)).toBe(document.error.result.info);
  expect(document.success.result).toHaveProperty('face.quality.crfiqa.fine', true);
});
