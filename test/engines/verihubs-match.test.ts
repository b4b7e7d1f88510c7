import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { createEngine } from '../../src/engines/registry.ts';
import { readVerihubsSearchReply, readVerihubsVerifyReply } from '../../src/engines/verihubs-match.ts';
import { createCleanText, createSecretSearch } from '../../src/util/foreign-text.ts';
import { enrollWith, tinyJpeg } from '../conformance/engine-calls.ts';
import { startEngineServer } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { tagPerson, tagPhoto } from '../helpers/engine-server-tag.ts';

const secret = 'canary-key/08=15';
const findSecret = createSecretSearch([secret]);
const options = {
  clean: createCleanText({ secrets: [secret] }),
  holdsKey: (id: string) => findSecret(id).length > 0,
  fix: { credentials: 'check VERIHUBS_API_KEY', url: 'check --engine-url' },
  keepDemographics: false,
  nowInMs: 0,
};
const responseOf = (status: number, body: unknown) => ({
  kind: 'response' as const,
  status,
  headers: {},
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
const search = (body: unknown, status = 200) =>
  readVerihubsSearchReply(responseOf(status, body), { threshold: 82 }, options);
const verify = (body: unknown, status = 200) =>
  readVerihubsVerifyReply(responseOf(status, body), { threshold: 82, templateId: 'anna' }, options);
const message = 'Face search is successfull!';
const one = (more: object) => ({ message, session_id: 's-1', matches: [{ subject_id: 'anna', ...more }] });

describe('a search', () => {
  test.each([
    ['a percentage', one({ similarity: 93.5 }), 93.5],
    ['a percentage as text', one({ similarity: '93.5' }), 93.5],
    ['a share, as a match it can be nothing else', one({ similarity: 0.935 }), 93.5],
    ['another name', one({ confidence: 90 }), 90],
    ['a verdict alone: the threshold at least', one({ similarity_status: true }), 82],
    ['nothing of how like they are', one({}), 82],
    ['a number that is none', one({ similarity: 'high' }), 82],
    ['no message', { matches: [{ subject_id: 'anna', similarity: 88 }] }, 88],
    ['other fields, of whatever name', one({ similarity: 88, status: 'active', number: '7', match: {} }), 88],
    ['a state that is an object', one({ similarity: 88, status: { code: 1 }, number: [] }), 88],
  ])('reads %s', (_, body, similarity) => {
    expect(search(body)).toMatchObject({ kind: 'identified', match: { templateId: 'anna', similarity } });
  });

  test('takes the most similar one, wherever it stands', () => {
    const matches = [83, 97, 90].map((similarity) => ({ subject_id: `of-${similarity}`, similarity }));
    expect(search({ message, matches })).toMatchObject({ match: { templateId: 'of-97', similarity: 97 } });
    expect(search({ message, matches: [{ subject_id: 7, similarity: 99 }] })).toMatchObject({
      match: { templateId: '7' },
    });
  });

  test.each([
    ['an empty list', { message, matches: [] }],
    ['null', { message, matches: null }],
    ['words that say so', { message: 'No matching face found', matches: [] }],
  ])('found nobody: %s', (_, body) => {
    const reply = search(body);
    expect(reply).toMatchObject({ kind: 'identified' });
    expect(reply).not.toHaveProperty('match');
  });

  test.each([
    ['no matches at all', { message }],
    ['matches that are no list', { message, matches: { subject_id: 'anna' } }],
    ['a match without a subject', { message, matches: [{ similarity: 90 }] }],
    ['a subject that is no text', { message, matches: [{ subject_id: { id: 'anna' }, similarity: 90 }] }],
    ['a subject that holds the key', { message, matches: [{ subject_id: `x${secret}`, similarity: 90 }] }],
    ['a failure beside it', { message, success: false, matches: [] }],
    ['an error beside it', { message, error: 'index is down', matches: [] }],
    ['words of a failure', { message: 'search failed', matches: [] }],
    ['matches twice', '{"matches":[{"subject_id":"anna","similarity":99}],"matches":[]}'],
    ['a subject twice', '{"matches":[{"subject_id":"anna","subject_id":"bob","similarity":99}]}'],
    ['an empty body', {}],
    ['a page', '<html>'],
  ])('is no answer with %s', (_, body) => {
    expect(search(body)).toMatchObject({ kind: 'unavailable' });
    expect(JSON.stringify(search(body))).not.toContain(secret);
  });

  test.each([
    [400, 'FACE_NOT_DETECTED', 'rejected'],
    [200, 'FAIL_ON_8', 'rejected'],
    [403, 'INSUFFICIENT_QUOTA_SEARCH', 'refused'],
    [400, 'INVALID_PAYLOAD_IMAGE_TIMEOUT', 'unavailable'],
    [400, 'INVALID_PAYLOAD', 'refused'],
  ])('%d with %s is %s', (status, error_code, kind) => {
    expect(search({ message: 'x', error_code, matches: [] }, status)).toMatchObject({ kind });
  });
});

describe('a verification', () => {
  test.each([
    ['a similarity', { message: 'Request Success', similarity: 95 }, 'same', 95],
    ['one below the threshold', { message: 'Request Success', similarity: 40 }, 'other', 40],
    ['a share', { message: 'Request Success', similarity: 0.4 }, 'other', 40],
    [
      'nearly nothing, which is no share beside such a verdict',
      { message: 'Request Success', similarity: 0.95, similarity_status: false },
      'other',
      0.95,
    ],
    ['a verdict', { message: 'Request Success', similarity_status: true }, 'same', undefined],
    ['the other verdict', { message: 'Request Success', similarity_status: false }, 'other', undefined],
    ['a failed similarity', { message: 'fail', error_code: 'FAIL_ON_16' }, 'other', undefined],
    ['with other failures', { message: 'fail', error_code: 'FAIL_ON_31', similarity: 12 }, 'other', 12],
  ])('reads %s', (_, body, result, similarity) => {
    const reply = verify(body);
    expect(reply).toMatchObject({ kind: 'verified', result });
    expect(reply).toHaveProperty('httpStatus', 200);
    expect('similarity' in reply ? reply.similarity : undefined).toBe(similarity);
  });

  test('says where nobody is enrolled', () => {
    const body = { message: 'Subject id is not found', error_code: 'INVALID_PAYLOAD_SUBJECT_ID' };
    expect(verify(body, 400)).toMatchObject({ kind: 'verified', result: 'no-template' });
  });

  test.each([
    ['neither similarity nor verdict', { message: 'Request Success', session_id: 's-1' }],
    ['a failure beside it', { message: 'Request Success', success: false, similarity: 95 }],
    ['words of a failure', { message: 'verification failed', similarity: 95 }],
    ['somebody else in it', { message: 'Request Success', subject_id: 'bert', similarity: 95 }],
  ])('is no answer with %s', (_, body) => {
    expect(verify(body)).toMatchObject({ kind: 'unavailable' });
  });

  test('that nobody is enrolled under another id says nothing of this one', () => {
    const body = { subject_id: 'bert', error_code: 'INVALID_PAYLOAD_SUBJECT_ID' };
    expect(verify(body, 400)).not.toMatchObject({ kind: 'verified' });
    expect(verify({ ...body, subject_id: 'anna' }, 400)).toMatchObject({ result: 'no-template' });
  });

  test('another failure of the photo is its verdict', () => {
    expect(verify({ message: 'x', error_code: 'FAIL_ON_8' })).toMatchObject({ kind: 'rejected' });
    expect(verify({ message: 'x', error_code: 'FACE_NOT_DETECTED' }, 400)).toMatchObject({
      kind: 'rejected',
    });
  });
});

describe('at a server', () => {
  const credentials = { appId: 'canary-id/47+11', appKey: secret };
  let server: EngineServer;
  let engine: Engine;
  beforeAll(async () => {
    server = await startEngineServer({ language: 'verihubs', credentials });
    engine = createEngine({
      name: 'verihubs',
      url: server.url,
      environment: { VERIHUBS_APP_ID: credentials.appId, VERIHUBS_API_KEY: credentials.appKey },
      timeoutInMs: 2_000,
      concurrency: 4,
    }).engine;
  });
  beforeEach(async () => {
    server.reset();
    await enrollWith(engine, { templateId: 'anna', photo: tagPerson(tinyJpeg, 'anna') });
    await enrollWith(engine, { templateId: 'bert', photo: tagPerson(tinyJpeg, 'bert') });
  });
  afterAll(async () => {
    await engine.close();
    await server.close();
  });
  const request = (photo: Buffer) => ({
    ...({ photo, format: 'jpeg', checks: { liveness: false, deepfake: false }, threshold: 82 } as const),
    signal: new AbortController().signal,
    onSent: () => {},
  });

  test('finds who was enrolled, and no stranger', async () => {
    const other = tagPerson(tagPhoto(tinyJpeg, 'ok@okx9'), 'anna');
    expect(await engine.identify?.(request(other))).toMatchObject({
      match: { templateId: 'anna', similarity: 90 },
    });
    expect(server.calls.at(-1)).toMatchObject({
      violations: [],
      fields: { limit: 1, threshold: 82, return_image: false },
    });
    expect(await engine.identify?.(request(tagPerson(tinyJpeg, 'nobody')))).not.toHaveProperty('match');
  });

  test('compares with one template', async () => {
    const anna = tagPerson(tagPhoto(tinyJpeg, 'ok@okx9'), 'anna');
    const ask = (templateId: string) => engine.verify?.({ ...request(anna), templateId });
    expect(await ask('anna')).toMatchObject({ kind: 'verified', result: 'same', similarity: 90 });
    expect(await ask('bert')).toMatchObject({ kind: 'verified', result: 'other' });
    expect(await ask('carl')).toMatchObject({ kind: 'verified', result: 'no-template' });
    expect(server.calls.at(-1)).toMatchObject({ violations: [], templateId: 'carl' });
  });

  test.each([
    ['rejected', ['code-face-not-detected', 'ok-code-fail-on-8']],
    ['unavailable', ['500', 'html-502', 'no-json', 'cut-json', 'reset-before', 'silent']],
    ['throttled', ['429', '429:after=7']],
    ['refused', ['401', '402', '404', 'redirect', 'code-insufficient-quota-search']],
  ])('is %s as an enrollment is', async (kind, scripts) => {
    for (const script of scripts) {
      const photo = tagPhoto(tinyJpeg, `ok@${script}`);
      const replies = [
        await engine.identify?.(request(photo)),
        await engine.verify?.({ ...request(photo), templateId: 'anna' }),
      ];
      for (const reply of replies) expect(reply, script).toMatchObject({ kind });
      expect(JSON.stringify(replies)).not.toContain(secret);
    }
  });
});
