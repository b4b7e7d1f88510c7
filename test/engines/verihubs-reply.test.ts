import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readVerihubsDeleteReply, readVerihubsReply } from '../../src/engines/verihubs-reply.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';
import { assumedVerihubsSuccess } from '../helpers/assumed-verihubs-success.ts';
import { randomInputs } from '../helpers/long.ts';
import { expectStorable } from './expect-storable.ts';

const secret = 'canary-key/08=15';
const fix = { credentials: 'check VERIHUBS_API_KEY', url: 'check --engine-url' };

const optionsFor = (keepDemographics: boolean) => ({
  clean: createCleanText({ secrets: [secret] }),
  fix,
  keepDemographics,
  nowInMs: Date.UTC(2026, 10, 22),
});
const responseOf = (status: number, body: unknown) => ({
  kind: 'response' as const,
  status,
  headers: {},
  text: typeof body === 'string' ? body : JSON.stringify(body),
});

function read(status: number, body: unknown, more: { keep?: boolean; validateLiveness?: boolean } = {}) {
  const { keep = false, validateLiveness = false } = more;
  const enrollment = { templateId: 'emp-1', validateLiveness };
  return readVerihubsReply(responseOf(status, body), enrollment, optionsFor(keep));
}
const readDelete = (status: number, body: unknown) =>
  readVerihubsDeleteReply(responseOf(status, body), { templateId: 'emp-1' }, optionsFor(false));

const fields = { is_attribute: true, is_quality: true, is_liveness: true };
const assumed = (subjectId?: string) =>
  assumedVerihubsSuccess({ subjectId, sessionId: 's-1', fields, isLive: true });

describe('success', () => {
  test('names the subject, or is taken for the one that was sent', () => {
    for (const none of [assumed(), assumed(''), { ...assumed(), subject_id: null }, assumed('emp-1')]) {
      expect(read(200, none)).toMatchObject({ kind: 'enrolled', templateId: 'emp-1', transactionId: 's-1' });
      expect(read(200, none)).not.toHaveProperty('namedInstead');
    }
    expect(read(201, { subject_id: 'emp-1' })).toEqual({
      kind: 'enrolled',
      httpStatus: 201,
      templateId: 'emp-1',
    });
  });

  // The id is the subject's own: no reply can rename it.
  test.each([
    ['emp-2', 'emp-2'],
    ['Zoë Ångström', 'Zoë Ångström'],
    ['EMP-1', 'EMP-1'],
    [7, '7'],
    [{ id: 'emp-2' }, '(no text)'],
    ['a\0b', 'a b'],
    ['\0', '(no text)'],
    [secret, '[redacted]'],
    ['x'.repeat(5000), expect.stringMatching(/^x{199}…$/)],
  ])('that names %j keeps the id that was sent', (named, shown) => {
    const reply = read(200, { ...assumed(), subject_id: named });
    expect(reply).toMatchObject({ kind: 'enrolled', templateId: 'emp-1', namedInstead: shown });
  });

  test('tells age and the like only when asked for', () => {
    expect(JSON.stringify(read(200, assumed('a')))).not.toMatch(/"(age|gender)"/);
    expect(read(200, assumed('a'), { keep: true })).toMatchObject({
      face: { attributes: { age: 41, gender: 'female', hat: true } },
    });
  });

  test('is live where liveness was validated, unless the body says otherwise', () => {
    const withLiveness = (liveness: unknown) =>
      read(200, { message: 'Request Success', liveness }, { validateLiveness: true });
    expect(withLiveness(undefined)).toMatchObject({ checks: { liveness: { score: null, fine: true } } });
    expect(withLiveness(false)).toMatchObject({ checks: { liveness: { score: null, fine: false } } });
    expect(withLiveness({ status: false, probability: 0.2 })).toMatchObject({
      checks: { liveness: { score: 0.2, fine: false } },
    });
    expect(read(200, { message: 'Request Success', liveness: 'yes' })).not.toHaveProperty('checks');
  });

  test.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['an empty object', {}],
    ['other words', { message: 'hello' }],
    ['an empty subject', { subject_id: '' }],
    ['half of it', JSON.stringify(assumed('a')).slice(0, 60)],
    ['a web page', '<html>Request Success</html>'],
  ])('%s is none', (_, body) => {
    expect(read(200, body)).toMatchObject({ kind: 'unavailable', httpStatus: 200, sent: true });
    expect(read(400, body)).toMatchObject({ kind: 'unavailable', httpStatus: 400 });
  });
});

describe('errors', () => {
  test('a code stands above all else that a success may have', () => {
    const body = { ...assumed('emp-1'), error_code: 'FAIL_ON_9', message: 'fail' };
    expect(read(200, body)).toEqual({
      kind: 'rejected',
      httpStatus: 200,
      code: 'FAIL_ON_9',
      message: 'fail',
      reasons: ['liveness', 'face-count'],
      stored: 'unknown',
      transactionId: 's-1',
    });
    for (const none of ['', 0, null, false])
      expect(read(200, { ...assumed('emp-1'), error_code: none })).toMatchObject({ kind: 'enrolled' });
  });

  test('a quota stands above the status that it arrives with; other refusals are no proof', () => {
    const quota = { message: 'limit', error_code: 'INSUFFICIENT_QUOTA_ENROLL' };
    for (const status of [200, 302, 400, 403, 404, 429, 500, 503])
      expect(read(status, quota)).toMatchObject({ kind: 'refused', certain: true, httpStatus: status });
    expect(read(400, { message: 'monthly quota exceeded', error_code: 'NEW_CODE' })).toMatchObject({
      kind: 'refused',
      certain: true,
    });
    expect(read(400, { error_code: 'INVALID_API_KEY' })).toMatchObject({ kind: 'refused', certain: false });
    expect(read(403, { error_code: 'FORBIDDEN' })).toMatchObject({ kind: 'refused', certain: false });
    expect(read(401, quota)).toMatchObject({ kind: 'refused', certain: true, fix: fix.credentials });
  });

  test('a number is a code as well', () => {
    expect(read(400, { error_code: 4711 })).toMatchObject({ kind: 'rejected', code: '4711' });
  });
});

test('deletion: gone, gone before, and everything else', () => {
  const gone = { message: 'Subject id emp-1 successfully deleted', timestamp: 1 };
  expect(readDelete(200, gone)).toEqual({ kind: 'deleted', httpStatus: 200, existed: true });
  const before = { message: 'Subject id is not found', error_code: 'INVALID_PAYLOAD_SUBJECT_ID' };
  expect(readDelete(400, before)).toEqual({ kind: 'deleted', httpStatus: 400, existed: false });
  expect(readDelete(400, { ...before, message: 'Subject id is too long' })).toMatchObject({
    kind: 'rejected',
  });
  expect(readDelete(200, { message: 'Request Success' })).toMatchObject({ kind: 'unavailable' });
  for (const other of [
    { ...gone, message: 'Subject id emp-12 successfully deleted' },
    { ...gone, subject_id: 'emp-2' },
  ])
    expect(readDelete(200, other)).toMatchObject({ kind: 'unavailable' });
  for (const same of [
    { ...gone, message: 'Subject id is successfully deleted' },
    { ...gone, subject_id: 'emp-1' },
  ])
    expect(readDelete(200, same)).toMatchObject({ kind: 'deleted' });
  expect(readDelete(500, gone)).toMatchObject({ kind: 'unavailable' });
  expect(readDelete(404, gone)).toMatchObject({ kind: 'refused', certain: false });
});

describe('whatever comes', () => {
  const status = fc.oneof(fc.constantFrom(200, 400, 403, 429, 500), fc.integer({ min: 200, max: 599 }));
  const readAll = (code: number, body: unknown) => [
    read(code, body),
    read(code, body, { keep: true, validateLiveness: true }),
    readDelete(code, body),
  ];

  test('any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 500 }).map((array) => new TextDecoder().decode(array));
    fc.assert(
      fc.property(status, bytes, (code, text) => {
        for (const reply of readAll(code, text)) expectStorable(reply, secret);
      }),
      { numRuns: randomInputs(200) },
    );
  });

  test('any JSON, and any JSON where a value is expected', () => {
    const value = fc.oneof(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom('\0', '\ud800', secret, `${secret}\u202e`, 'x'.repeat(5000)),
    );
    const codes = fc.constantFrom('FAIL_ON_3', 'FAIL_ON_99', 'INVALID_PAYLOAD', 'INSUFFICIENT_QUOTA_X');
    const body = fc.record(
      {
        message: fc.oneof(value, fc.constant('Request Success')),
        error_code: fc.oneof(value, codes),
        session_id: value,
        // Never a secret: an id is reported as it is, or it would be another one.
        subject_id: value.filter((id) => !JSON.stringify(id).includes(secret)),
        bounding_box: value,
        face_landmark: value,
        rotation: value,
        nface: value,
        attributes: value,
        image_quality: value,
        liveness: fc.oneof(value, fc.record({ status: value, probability: value })),
        ['__proto__']: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(status, fc.oneof(value, body), (code, json) => {
        for (const reply of readAll(code, json)) expectStorable(reply, secret);
      }),
      { numRuns: randomInputs(250) },
    );
  });

  test('depth', () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const reply = read(200, `{"subject_id":"a","image_quality":${deep},"bounding_box":${deep}}`);
    expect(reply.kind).toBe('enrolled');
    expectStorable(reply, secret);
  });
});
