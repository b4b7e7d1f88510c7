import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOotoIdentifyReply, readOotoReply } from '../../src/engines/ooto-reply.ts';
import { createCleanText, createSecretSearch } from '../../src/util/foreign-text.ts';
import { randomInputs } from '../helpers/long.ts';
import { readOotoEnrollDocument } from '../helpers/seed-documents.ts';
import { expectStorable } from './expect-storable.ts';

const { success, error } = readOotoEnrollDocument();
const secret = 'canary-key/08=15';
const fix = { credentials: 'check OOTO_APP_KEY', url: 'check --engine-url' };

function read(
  status: number,
  body: unknown,
  more: { headers?: Record<string, string>; keep?: boolean } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readOotoReply(
    { kind: 'response', status, headers: more.headers ?? {}, text },
    {
      clean: createCleanText({ secrets: [secret] }),
      fix,
      keepDemographics: more.keep ?? false,
      nowInMs: Date.UTC(2026, 10, 22),
    },
  );
}

describe('success', () => {
  test('the sample of the page is read whole, but for age, gender and race', () => {
    const face = success.result.face as Record<string, Record<string, unknown>>;
    const { age: _a, gender: _g, race: _r, ...quality } = face.quality ?? {};
    expect(read(200, success)).toEqual({
      kind: 'enrolled',
      httpStatus: 200,
      templateId: success.result.templateId,
      transactionId: success.transactionId,
      checks: { liveness: face.liveness, deepfake: face.deepfake },
      quality,
      face: { box: face.box, landmarks: face.landmarks },
    });
  });

  test('age, gender and race are kept when asked for', () => {
    expect(read(200, success, { keep: true })).toMatchObject({
      quality: { age: 53, gender: 'male', race: 'white' },
    });
  });

  test('the nested shape is the same', () => {
    const nested = { transactionId: success.transactionId, result: { enroll: success.result } };
    expect(read(200, nested)).toEqual(read(200, success));
    const { face, ...enroll } = success.result;
    expect(read(200, { transactionId: success.transactionId, result: { enroll, face } })).toEqual(
      read(200, success),
    );
  });

  test('a status or a code that says fine beside a template id is fine', () => {
    const result = { ...success.result, status: 'ok', code: 0 };
    expect(read(200, { result })).toMatchObject({ kind: 'enrolled' });
    expect(read(201, { result })).toMatchObject({ kind: 'enrolled', httpStatus: 201 });
  });

  test('the type that the reply claims to have is not asked', () => {
    const headers = { 'content-type': 'text/html' };
    expect(read(200, success, { headers })).toMatchObject({ kind: 'enrolled' });
  });

  test('checks of the wrong type are no checks', () => {
    const result = { templateId: 'a', face: { liveness: { score: '0.9', fine: 'true' }, deepfake: 7 } };
    expect(read(200, { result })).toEqual({
      kind: 'enrolled',
      httpStatus: 200,
      templateId: 'a',
      checks: { liveness: { score: null, fine: null } },
    });
  });
});

describe('verdicts', () => {
  test('the sample of the page', () => {
    expect(read(400, error)).toEqual({
      kind: 'rejected',
      httpStatus: 400,
      code: String(error.result.code),
      message: error.result.info,
      reasons: [],
      transactionId: error.transactionId,
      stored: 'no',
    });
  });

  test.each([8, '8', 'E_FACE', 1e21, -1, 5.5])('the unknown code %j is one as well', (code) => {
    expect(read(400, { result: { status: 'error', code } })).toMatchObject({
      kind: 'rejected',
      code: String(code),
    });
    expect(read(422, { result: { code } })).toMatchObject({ kind: 'rejected', code: String(code) });
  });

  test('an error beside a template id leaves open what is stored', () => {
    expect(read(200, { result: { status: 'error', code: 12, templateId: 'a' } })).toMatchObject({
      kind: 'rejected',
      stored: 'unknown',
    });
  });

  test('what speaks of the account is not held against the photo', () => {
    const say = (info: string, code = 12) => read(400, { result: { status: 'error', code, info } });
    expect(say('Monthly quota exceeded')).toMatchObject({ kind: 'refused', certain: true });
    expect(say('invalid APP-KEY')).toMatchObject({ kind: 'refused', certain: false, fix: fix.credentials });
    // A documented code is always about the photo.
    expect(say('no quota of faces', 5)).toMatchObject({ kind: 'rejected', code: '5' });
  });

  test('too large and of a wrong type, from whoever says it; the code of the engine goes first', () => {
    expect(read(413, '<html>')).toMatchObject({ kind: 'rejected', code: 'http-413', stored: 'no' });
    expect(read(415, '')).toMatchObject({ kind: 'rejected', code: 'http-415' });
    expect(read(413, error)).toMatchObject({ kind: 'rejected', code: String(error.result.code) });
  });
});

describe('no verdict', () => {
  const nested = '['.repeat(200_000);
  const samples: [string, unknown][] = [
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '7'],
    ['a text', '"ok"'],
    ['a list', '[]'],
    ['an empty object', {}],
    ['a result that is none', { result: 'error' }],
    ['a result of null', { result: null }],
    ['an empty template id', { result: { templateId: '' } }],
    ['a template id that is a number', { result: { templateId: 7 } }],
    ['a template id with a line break', { result: { templateId: 'a\nb' } }],
    ['a template id with a NUL', { result: { templateId: 'a\0' } }],
    ['a template id with half a character', '{"result":{"templateId":"\\ud800"}}'],
    ['a template id without end', { result: { templateId: 'a'.repeat(10_000) } }],
    ['a template id in the prototype', '{"result":{"__proto__":{"templateId":"a"}}}'],
    ['an error without a code', { result: { status: 'error', info: 'no' } }],
    ['an error with a code of the wrong type', { result: { status: 'error', code: {} } }],
    ['half the sample', JSON.stringify(success).slice(0, 400)],
    ['a web page', '<html><body>400</body></html>'],
    ['JSON of great depth', nested],
    ['closed JSON of great depth', nested + ']'.repeat(200_000)],
  ];
  test.each(samples)('%s', (_, body) => {
    for (const status of [200, 400]) {
      expect(read(status, body)).toMatchObject({ kind: 'unavailable', httpStatus: status, sent: true });
    }
  });

  test('a body that was too long to be read', () => {
    const options = { clean: (text: string) => text, fix, keepDemographics: false, nowInMs: 0 };
    expect(readOotoReply({ kind: 'response', status: 200, headers: {} }, options)).toMatchObject({
      kind: 'unavailable',
    });
  });

  test('5xx is one even with a body that says otherwise, and 503 with Retry-After', () => {
    for (const status of [500, 502, 503, 599]) {
      expect(read(status, success, { headers: { 'retry-after': '5' } })).toMatchObject({
        kind: 'unavailable',
        retryAfterInMs: 5_000,
      });
      expect(read(status, error)).toMatchObject({ kind: 'unavailable', httpStatus: status });
    }
  });
});

test.each([
  [401, true, fix.credentials],
  [402, true, fix.credentials],
  [403, false, fix.credentials],
  [404, false, fix.url],
  [405, false, fix.url],
  [301, false, fix.url],
  [307, false, fix.url],
  [407, false, 'HTTPS_PROXY'],
])('%i speaks of the account, whatever the body', (status, certain, named) => {
  for (const body of ['', '<html>', error, success]) {
    expect(read(status, body)).toMatchObject({
      kind: 'refused',
      certain,
      fix: expect.stringContaining(named),
    });
  }
});

test.each([secret, `t-${secret}`, encodeURIComponent(secret), Buffer.from(`x${secret}`).toString('base64')])(
  'an id that holds the key is none (%s)',
  (templateId) => {
    const find = createSecretSearch([secret]);
    const options = {
      ...{ clean: createCleanText({ secrets: [secret] }), fix, keepDemographics: false, nowInMs: 0 },
      holdsKey: (id: string) => find(id).length > 0,
    };
    const respond = (result: object) => ({
      ...({ kind: 'response', status: 200, headers: {} } as const),
      text: JSON.stringify({ transactionId: 't', result }),
    });
    for (const reply of [
      readOotoReply(respond({ templateId }), options),
      readOotoReply(respond({ enroll: { templateId } }), options),
      readOotoIdentifyReply(respond({ templateId, similarity: 1 }), options),
    ]) {
      expect(reply).toMatchObject({ kind: 'unavailable', sent: true });
      expect(reply).toHaveProperty('message', expect.stringContaining('"templateId": "'));
      expectStorable(reply, secret);
    }
  },
);

test('an error that was not understood is quoted, but no web page, no secret and no face', () => {
  const said = read(500, { message: 'out of order', hint: `with ${secret}` });
  expect(said).toHaveProperty('message', expect.stringContaining('out of order'));
  const escaped = `{"hint":"${secret.replaceAll('/', '\\/')}"`;
  for (const text of [escaped, `${escaped}}`, `{"hint":"\\u0063${secret.slice(1)}"}`, `<p>${secret}</p>`]) {
    expect(JSON.stringify(read(500, text))).not.toMatch(/key.{1,2}08|<p>/);
  }
  const { templateId: _, ...result } = success.result;
  expect(JSON.stringify([read(200, { result }), read(500, { result })])).not.toMatch(/gender|male|white/);
});

describe('whatever comes', () => {
  const status = fc.oneof(fc.constantFrom(200, 400, 429, 500), fc.integer({ min: 200, max: 599 }));

  test('any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 500 }).map((array) => new TextDecoder().decode(array));
    fc.assert(
      fc.property(status, bytes, (code, text) => expectStorable(read(code, text), secret)),
      { numRuns: randomInputs(250) },
    );
  });

  test('any JSON, and any JSON where a value is expected', () => {
    const value = fc.oneof(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom('\0', '\ud800', secret, `${secret}\u202e`, 'x'.repeat(5000)),
    );
    const place = fc.record(
      {
        // Never a secret: an id is reported as it is, or it would be another one.
        templateId: value.filter((id) => !JSON.stringify(id).includes(secret)),
        status: fc.oneof(value, fc.constant('error')),
        code: fc.oneof(value, fc.integer()),
        info: value,
        face: fc.oneof(value, fc.record({ liveness: value, quality: value, box: value, landmarks: value })),
        ['__proto__']: value,
      },
      { requiredKeys: [] },
    );
    const result = fc.record({ enroll: place }, { requiredKeys: [] });
    const body = fc.oneof(
      value,
      fc.record({ transactionId: value, result: place }),
      fc.tuple(place, result).map(([a, b]) => ({ result: { ...a, ...b } })),
    );
    fc.assert(
      fc.property(status, body, (code, json) => expectStorable(read(code, json), secret)),
      { numRuns: randomInputs(400) },
    );
  });

  test('depth and width', () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 'v'])),
    );
    for (const value of [deep, wide, `[${'1,'.repeat(100_000)}1]`]) {
      const reply = read(200, `{"result":{"templateId":"a","face":{"quality":${value},"box":${value}}}}`);
      expect(reply.kind).toBe('enrolled');
      expectStorable(reply, secret);
    }
  });
});
