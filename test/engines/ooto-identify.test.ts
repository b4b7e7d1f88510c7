import { expect, test } from 'vitest';
import { readOotoIdentifyReply } from '../../src/engines/ooto-reply.ts';
import { createEngine } from '../../src/engines/registry.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';
import { describeIdentification } from '../conformance/identify-conformance.ts';
import { startEngineServer } from '../helpers/engine-server.ts';
import { readOotoIdentifyDocument } from '../helpers/seed-documents.ts';

const credentials = { appId: 'canary-id/47+11', appKey: 'canary-key/08=15&?' };

describeIdentification({
  name: 'ooto',
  startServer: () => startEngineServer({ credentials }),
  createEngine: (url, { timeoutInMs }) =>
    createEngine({
      name: 'ooto',
      url,
      environment: { OOTO_APP_ID: credentials.appId, OOTO_APP_KEY: credentials.appKey },
      timeoutInMs,
      concurrency: 4,
    }).engine,
  secrets: Object.values(credentials),
});

const document = readOotoIdentifyDocument();

function read(status: number, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readOotoIdentifyReply(
    { kind: 'response', status, headers: {}, text },
    {
      clean: createCleanText({ secrets: [] }),
      fix: { credentials: '', url: '' },
      keepDemographics: false,
      nowInMs: 0,
    },
  );
}

test('the page is read whole', () => {
  expect(document).toMatchObject({
    endpoint: '/identify',
    queryParameters: ['check_liveness', 'check_deepfake'],
    success: { result: { similarity: 1, face: { quality: { crfiqa: { fine: false } } } } },
  });
  expect([...document.codes.keys()]).toEqual([1, 2, 3, 4, 5, 6, 9]);
});

test('the sample of the page, and nothing of the face', () => {
  expect(read(200, document.success)).toEqual({
    kind: 'identified',
    httpStatus: 200,
    transactionId: document.success.transactionId,
    match: { templateId: document.success.result.templateId, similarity: 1 },
  });
});

test.each([
  ['the other shape', { search: { templateId: 'a', similarity: 0.8 } }, { templateId: 'a', similarity: 0.8 }],
  [
    'both',
    { templateId: 'a', search: { templateId: 'a', similarity: 0.8 } },
    { templateId: 'a', similarity: 0.8 },
  ],
  [
    'an empty other shape',
    { search: {}, templateId: 'a', similarity: 0 },
    { templateId: 'a', similarity: 0 },
  ],
  ['nobody', { face: {} }, undefined],
  ['nobody in the other shape', { search: {} }, undefined],
  ['nobody, said with null', { templateId: null, similarity: null, search: null }, undefined],
  ['less than nothing alike', { templateId: 'a', similarity: -0.2 }, { templateId: 'a', similarity: -0.2 }],
])('%s', (_, result, match) => {
  const { match: found, ...reply } = read(200, { result }) as { match?: unknown };
  expect(reply).toMatchObject({ kind: 'identified' });
  expect(found).toEqual(match);
});

test.each([
  ['no result', {}],
  ['a result of null', { result: null }],
  ['a result that is a word', { result: 'ok' }],
  ['a template without a similarity', { result: { templateId: 'a' } }],
  ['a similarity in words', { result: { templateId: 'a', similarity: '0.9' } }],
  ['a similarity beyond all numbers', '{"result":{"templateId":"a","similarity":1e999}}'],
  ['two templates', { result: { templateId: 'b', search: { templateId: 'a', similarity: 0.8 } } }],
  ['a template twice', '{"result":{"templateId":"b","templateId":"a","similarity":0.9}}'],
  ['a template and none', '{"result":{"templateId":"b","templateId":null,"similarity":0.9}}'],
  ['a match twice', '{"result":{"search":{"templateId":"b","similarity":0.9},"search":{}}}'],
  ['a similarity twice', '{"result":{"templateId":"a","similarity":0.9,"similarity":0.1}}'],
  ['a template that is none', { result: { templateId: 'a\nb', similarity: 1 } }],
  ['an error without a code', { result: { status: 'error', templateId: 'a', similarity: 1 } }],
  ['nothing', ''],
])('%s is not taken for nobody: it says nothing', (_, body) => {
  expect(read(200, body)).toMatchObject({ kind: 'unavailable', sent: true });
});
