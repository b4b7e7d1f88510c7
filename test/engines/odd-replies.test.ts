import { describe, expect, test } from 'vitest';
import { readOotoReply } from '../../src/engines/ooto-reply.ts';
import { readVerihubsReply } from '../../src/engines/verihubs-reply.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';
import { assumedVerihubsSuccess } from '../helpers/assumed-verihubs-success.ts';
import { readOotoEnrollDocument } from '../helpers/seed-documents.ts';
import { type OddReply, repliesOfAnyEngine, responseOf } from './odd-replies.ts';

const options = {
  clean: createCleanText({ secrets: ['canary-key/08=15'] }),
  fix: { credentials: 'check the key', url: 'check --engine-url' },
  keepDemographics: false,
  nowInMs: Date.UTC(2026, 10, 22),
};
const expected = ({ becomes }: OddReply) => (typeof becomes === 'string' ? { kind: becomes } : becomes);

/** Statuses of HTTP in the place of a code. */
const statusesInABody: [number | string, OddReply['becomes']][] = [
  [429, 'throttled'],
  ['429', 'throttled'],
  [401, { kind: 'refused', certain: false }],
  [402, { kind: 'refused', certain: true }],
  [403, { kind: 'refused', certain: false }],
  [408, 'unavailable'],
  [500, 'unavailable'],
  ['503', 'unavailable'],
  [404, { kind: 'rejected', code: '404', isUndocumented: true }],
  [422, { kind: 'rejected', code: '422', isUndocumented: true }],
];
const ownFaults = [
  'Internal server error',
  'internal_error',
  'service temporarily unavailable',
  'the database is down',
  'Upstream timed out',
  'request timeout',
  'Overloaded, try again later',
];
const verdicts = ['bad photo, try again', 'no time', 'a server was seen in the picture', 'blurred', ''];

describe('OOTO', () => {
  const { success, error } = readOotoEnrollDocument();
  const templateId = String(success.result.templateId);
  const ok = (result: object, more: object = {}) => ({ transactionId: 't', ...more, result });
  const replies: OddReply[] = [
    ...repliesOfAnyEngine({ ...success }),
    {
      name: 'an id in capitals',
      body: ok({ templateId: templateId.toUpperCase() }),
      becomes: { kind: 'enrolled', templateId: templateId.toUpperCase() },
    },
    {
      name: 'an id without hyphens',
      body: ok({ templateId: templateId.replaceAll('-', '') }),
      becomes: { kind: 'enrolled', templateId: templateId.replaceAll('-', '') },
    },
    { name: 'an id that is a number', body: ok({ templateId: 12345 }), becomes: 'unavailable' },
    { name: 'an id of null', body: ok({ templateId: null }), becomes: 'unavailable' },
    { name: 'an empty id', body: ok({ templateId: '' }), becomes: 'unavailable' },
    {
      name: 'two ids',
      body: ok({ templateId, enroll: { templateId: 'other' } }),
      becomes: { kind: 'unavailable', message: expect.stringContaining('two template ids') },
    },
    { name: 'the same id twice', body: ok({ templateId, enroll: { templateId } }), becomes: 'enrolled' },
    ...[
      `"templateId":"other","templateId":"${templateId}"`,
      `"enroll":{"status":"error","code":5},"enroll":{"templateId":"${templateId}"}`,
      `"templateId":"${templateId}","liveness":{"fine":false},"liveness":{"fine":true}`,
    ].map((twice) => ({
      name: `${twice}`,
      body: `{"transactionId":"t","result":{${twice}}}`,
      becomes: { kind: 'unavailable', message: expect.stringMatching(/comes twice/) },
    })),
    {
      name: 'a result twice',
      body: `{"result":{"status":"error","code":5},"result":{"templateId":"${templateId}"}}`,
      becomes: 'unavailable',
    },
    { name: '200 with code 5', body: error, becomes: { kind: 'rejected', code: '5', stored: 'no' } },
    {
      name: '200 with code "5"',
      body: ok({ status: 'error', code: '5', info: 'can not detect face' }),
      becomes: { kind: 'rejected', code: '5' },
    },
    {
      name: '200 with code 5 and no status',
      body: ok({ code: 5 }),
      becomes: { kind: 'rejected', code: '5' },
    },
    {
      name: 'a code beside an id',
      body: ok({ templateId, code: 12 }),
      becomes: { kind: 'rejected', code: '12', stored: 'unknown' },
    },
    {
      name: 'code 5 behind success: false',
      body: ok({ code: 5, info: 'no face' }, { success: false }),
      becomes: { kind: 'rejected', code: '5' },
    },
    {
      name: 'latin letters',
      status: 400,
      body: Buffer.from('{"result":{"code":5,"info":"f\xfcr"}}', 'latin1'),
      headers: { 'content-type': 'x; charset=iso-8859-1' },
      becomes: { kind: 'rejected', message: 'für' },
    },
    { name: 'an error in the result', body: ok({ templateId, error: 'not stored' }), becomes: 'unavailable' },
    {
      name: 'an error where it is nested',
      body: ok({ enroll: { templateId, status: 'failed' } }),
      becomes: 'unavailable',
    },
    {
      name: 'an unknown code of throttling',
      status: 400,
      body: ok({ status: 'error', code: 99, info: 'Too many requests' }),
      becomes: 'throttled',
    },
    ...statusesInABody.flatMap(([code, becomes]) =>
      [200, 400].map((status) => ({
        name: `code ${code} in a body of ${status}`,
        status,
        body: ok({ status: 'error', code, info: '' }),
        becomes,
      })),
    ),
    ...ownFaults.map((info) => ({
      name: `an unknown code: ${info}`,
      status: 400,
      body: ok({ status: 'error', code: 12, info }),
      becomes: { kind: 'unavailable', message: expect.stringContaining(info) },
    })),
    ...verdicts.map((info) => ({
      name: `an unknown code: ${info}`,
      status: 400,
      body: ok({ status: 'error', code: 12, info }),
      becomes: { kind: 'rejected', code: '12', isUndocumented: true },
    })),
    {
      name: 'a known code in words of a time-out',
      status: 400,
      body: ok({ status: 'error', code: 9, info: 'internal error' }),
      becomes: { kind: 'rejected', code: '9' },
    },
    {
      name: 'a known code in words of throttling',
      status: 400,
      body: ok({ status: 'error', code: 5, info: 'too many requests' }),
      becomes: { kind: 'rejected', code: '5' },
    },
  ];
  test.each(replies.map((reply) => [reply.name, reply] as const))('%s', (_, reply) =>
    expect(readOotoReply(responseOf(reply), options)).toMatchObject(expected(reply)),
  );
});

describe('Verihubs', () => {
  const success = assumedVerihubsSuccess({
    subjectId: 'emp-1',
    sessionId: 's-1',
    fields: { is_attribute: true, is_quality: true, is_liveness: true },
    isLive: true,
  }) as Record<string, unknown>;
  const say = (message: unknown) => ({ ...success, message });
  const twice = JSON.stringify(say('Request Success'));
  const replies: OddReply[] = [
    ...repliesOfAnyEngine(success),
    ...[{ matches: [] }, { similarity: 91 }, { similarity_status: true }].map((found) => ({
      name: `the success of a search or a verification: ${JSON.stringify(found)}`,
      body: { message: 'Request Success', ...found },
      becomes: 'unavailable' as const,
    })),
    { name: 'success in words alone', body: { message: 'Request Success' }, becomes: 'enrolled' },
    { name: 'an id without words', body: { subject_id: 'emp-1' }, becomes: 'enrolled' },
    {
      name: 'words that repeat the id',
      body: say('Subject emp-1 successfully enrolled'),
      becomes: 'enrolled',
    },
    ...[
      'Request was no success',
      'not successful',
      'Unsuccessful',
      'without success',
      'gagal',
      'Accepted',
      'hello',
      'Request Failed',
      'Success: 0 of 1, 1 failed',
      'Request success, photo not stored',
      'successfully queued',
      'Subject id emp-1 successfully deleted',
      'Face removal successful',
      'too small',
    ].flatMap((words) => [
      { name: `${words}, with an id`, body: say(words), becomes: 'unavailable' as const },
      { name: `${words}, without an id`, body: { message: words }, becomes: 'unavailable' as const },
    ]),
    ...[
      '"error_code":"FAIL_ON_4","error_code":null',
      '"error_code":"FAIL_ON_4","error\\u005fcode":""',
      '"message":"failed","message":"Request Success"',
      '"subject_id":"emp-2","subject_id":"emp-1","message":"Request Success"',
      '"liveness":{"status":false},"liveness":{"status":true},"message":"Request Success"',
    ].map((names) => ({
      name: `${names}`,
      body: twice.replace(/"message":"[^"]*"/, names),
      becomes: { kind: 'unavailable', message: expect.stringMatching(/comes twice/) },
    })),
    {
      name: 'a code in the place of no code',
      body: twice.replace('{', '{"error_code":null,"error_code":"FAIL_ON_4",'),
      becomes: { kind: 'rejected', code: 'FAIL_ON_4', stored: 'unknown' },
    },
    {
      name: 'a code that is an object',
      body: { ...success, error_code: { code: 4 } },
      becomes: 'unavailable',
    },
    {
      name: 'an unknown code of throttling',
      status: 400,
      body: { error_code: 'TOO_MANY_REQUESTS', message: 'wait' },
      becomes: 'throttled',
    },
    {
      name: 'an unknown code in words of throttling',
      status: 400,
      body: { error_code: 'E99', message: 'Too many requests' },
      becomes: 'throttled',
    },
    ...statusesInABody.flatMap(([code, becomes]) =>
      [200, 400].map((status) => ({
        name: `code ${code} in a body of ${status}`,
        status,
        body: { error_code: code, message: 'x' },
        becomes,
      })),
    ),
    ...['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'GATEWAY_TIMEOUT', 'DATABASE_BUSY'].flatMap((code) =>
      [200, 400].map((status) => ({
        name: `${code} at ${status}`,
        status,
        body: { error_code: code, message: 'x' },
        becomes: { kind: 'unavailable' as const, message: expect.stringContaining(code) },
      })),
    ),
    ...ownFaults.map((message) => ({
      name: `an unknown code: ${message}`,
      status: 400,
      body: { error_code: 'E99', message },
      becomes: { kind: 'unavailable', message: expect.stringContaining(message) },
    })),
    ...verdicts.map((message) => ({
      name: `an unknown code: ${message}`,
      status: 400,
      body: { error_code: 'E99', message },
      becomes: { kind: 'rejected', code: 'E99', isUndocumented: true },
    })),
    {
      name: 'a known code in words of throttling',
      status: 400,
      body: { error_code: 'FACE_NOT_DETECTED', message: 'too many requests' },
      becomes: { kind: 'rejected' },
    },
  ];
  const enrollment = { templateId: 'emp-1', validateLiveness: false };
  test.each(replies.map((reply) => [reply.name, reply] as const))('%s', (_, reply) =>
    expect(readVerihubsReply(responseOf(reply), enrollment, options)).toMatchObject(expected(reply)),
  );
});
