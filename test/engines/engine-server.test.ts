import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tinyJpeg, tinyPng } from '../conformance/engine-calls.ts';
import { startEngineServer, testCredentials } from '../helpers/engine-server.ts';
import { createSeededRandom, worstSecond } from '../helpers/engine-server-calls.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { stepAt } from '../helpers/engine-server-script.ts';
import { readTag, tagPhoto } from '../helpers/engine-server-tag.ts';
import { readOotoEnrollDocument } from '../helpers/seed-documents.ts';

test('a photo with a script in it is still the same picture', async () => {
  for (const photo of [tinyJpeg, tinyPng]) {
    const tagged = tagPhoto(photo, '503x2+code-5');
    expect(readTag(tagged)).toBe('503x2+code-5');
    expect(readTag(photo)).toBeUndefined();
    expect(await sharp(tagged).raw().toBuffer()).toEqual(await sharp(photo).raw().toBuffer());
  }
});

test.each([
  ['ok', ['ok', 'ok', 'ok']],
  ['503x2', ['503', '503', 'ok', 'ok']],
  ['500', ['500', '500', '500']],
  ['429:after=2x1', ['429', 'ok']],
  ['reset-after+500', ['reset-after', '500', '500']],
  ['503x2+code-5#17', ['503', '503', 'code-5', 'code-5']],
  ['html-502x1#a', ['html-502', 'ok']],
])('the script %s', (script, names) => {
  expect(names.map((_, index) => stepAt(script, index).name)).toEqual(names);
});

test('the worst second slides', () => {
  expect(worstSecond([])).toBe(0);
  expect(worstSecond([0, 999, 1000, 1998])).toBe(3);
  expect(worstSecond([500, 0, 1000, 1499])).toBe(3);
  expect(worstSecond(Array.from({ length: 100 }, (_, index) => index * 20))).toBe(50);
});

test('the same seed gives the same numbers', () => {
  const numbers = (seed: number) => Array.from({ length: 1000 }, createSeededRandom(seed));
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
  const mean = numbers(1).reduce((sum, number) => sum + number, 0) / 1000;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});

describe('the page is kept to', () => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await startEngineServer();
  });
  afterAll(() => server.close());
  const headers = { 'APP-ID': testCredentials.appId, 'APP-KEY': testCredentials.appKey };
  const add = async (photo: Blob | undefined, more: Record<string, string> = {}) => {
    const form = new FormData();
    if (photo !== undefined) form.append('photo', photo, 'a.jpg');
    for (const [name, value] of Object.entries(more)) form.append(name, value);
    const response = await fetch(`${server.url}/add`, { method: 'POST', body: form, headers });
    return { status: response.status, body: (await response.json()) as { result: Record<string, unknown> } };
  };

  test.each([
    [1, undefined],
    [2, new Blob([tinyJpeg], { type: 'image/gif' })],
    [3, new Blob([], { type: 'image/jpeg' })],
    [4, new Blob([tinyJpeg], { type: 'image/png' })],
  ])('code %i', async (code, photo) => {
    const { status, body } = await add(photo);
    const info = readOotoEnrollDocument().codes.get(code);
    expect(status).toBe(400);
    expect(body.result).toEqual({ status: 'error', code, info });
  });

  test('an id is made up where none is sent, and other fields are noted', async () => {
    const { body } = await add(new Blob([tinyJpeg], { type: 'image/jpeg' }), { subject: 'x' });
    expect(server.templates.has(String(body.result.templateId))).toBe(true);
    expect(server.calls.at(-1)?.violations).toEqual(['field subject']);
  });

  test('wrong credentials and wrong paths', async () => {
    const call = (path: string, more: Record<string, string> = {}) =>
      fetch(server.url + path, { method: 'POST', headers: { ...headers, ...more } }).then(
        ({ status }) => status,
      );
    expect(await call('/add', { 'APP-KEY': 'wrong' })).toBe(401);
    expect(await call('/verify')).toBe(404);
  });
});
