import { once } from 'node:events';
import busboy from 'busboy';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { multipartBody } from '../../src/engines/multipart.ts';
import { randomInputs } from '../helpers/long.ts';

async function takeApart({ contentType, body }: { contentType: string; body: Buffer }) {
  const parser = busboy({ headers: { 'content-type': contentType } });
  const fields: [string, string][] = [];
  const files: { name: string; filename: string; mimeType: string; bytes: Buffer }[] = [];
  parser.on('field', (name, value) => fields.push([name, value]));
  parser.on('file', (name, stream, { filename, mimeType }) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () =>
      files.push({ name, filename: filename ?? '', mimeType, bytes: Buffer.concat(chunks) }),
    );
  });
  const closed = once(parser, 'close');
  parser.end(body);
  await closed;
  return { fields, files };
}

test('an independent parser finds the photo and the fields, whatever is in them', async () => {
  const bytes = fc.uint8Array({ maxLength: 4000 }).map((array) => Buffer.from(array));
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant('\r\n--rollcall-0\r\nContent-Disposition: form-data; name="photo"\r\n\r\n'),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom('jpeg', 'png'), value, async (photo, format, templateId) => {
      const { fields, files } = await takeApart(
        multipartBody({ photo: { field: 'photo', format, bytes: photo }, fields: { templateId } }),
      );
      expect(fields).toEqual([['templateId', templateId.toWellFormed()]]);
      const filename = format === 'jpeg' ? 'photo.jpg' : 'photo.png';
      expect(files).toEqual([{ name: 'photo', filename, mimeType: `image/${format}`, bytes: photo }]);
    }),
    { numRuns: randomInputs(60) },
  );
});

test('a body without a photo is a whole form', async () => {
  expect(await takeApart(multipartBody({ fields: { templateId: 'x' } }))).toEqual({
    fields: [['templateId', 'x']],
    files: [],
  });
});

test('every body has a boundary of its own', () => {
  const types = Array.from({ length: 100 }, () => multipartBody({ fields: {} }).contentType);
  expect(new Set(types).size).toBe(100);
});
