import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallReply } from '../../src/engines/engine.ts';
import { readOotoDeleteReply, readOotoIdentifyReply, readOotoReply } from '../../src/engines/ooto-reply.ts';
import { readVerihubsSearchReply, readVerihubsVerifyReply } from '../../src/engines/verihubs-match.ts';
import { readVerihubsDeleteReply, readVerihubsReply } from '../../src/engines/verihubs-reply.ts';
import { createCleanText, createSecretSearch } from '../../src/util/foreign-text.ts';
import type { HttpResponse } from '../../src/util/http/http-exchange.ts';
import { randomInputs } from '../helpers/long.ts';
import { expectStorable } from './expect-storable.ts';

const secret = 'canary-key/08=15';
const findSecret = createSecretSearch([secret]);
const options = {
  clean: createCleanText({ secrets: [secret] }),
  holdsKey: (id: string) => findSecret(id).length > 0,
  fix: { credentials: 'check the key', url: 'check --engine-url' },
  keepDemographics: false,
  nowInMs: Date.UTC(2026, 10, 22),
};
const [templateId, threshold] = ['emp-1', 82];

/** All that reads a body. */
const readers: Readonly<Record<string, (response: HttpResponse) => CallReply>> = {
  'ooto enroll': (response) => readOotoReply(response, options),
  'ooto identify': (response) => readOotoIdentifyReply(response, options),
  'ooto delete': (response) => readOotoDeleteReply(response, { templateId }, options),
  'verihubs enroll': (response) =>
    readVerihubsReply(response, { templateId, validateLiveness: true }, options),
  'verihubs search': (response) => readVerihubsSearchReply(response, { threshold }, options),
  'verihubs verify': (response) => readVerihubsVerifyReply(response, { threshold, templateId }, options),
  'verihubs delete': (response) => readVerihubsDeleteReply(response, { templateId }, options),
};

/** Every name that anything reads, in one another as it comes. */
const names = fc.constantFrom(
  ...['result', 'enroll', 'search', 'data', 'response', 'error', 'errors', 'success', 'status', 'code'],
  ...['info', 'message', 'detail', 'error_code', 'transactionId', 'session_id', 'templateId', 'subject_id'],
  ...['matches', 'similarity', 'similarity_status', 'score', 'confidence', 'number', 'match', 'fine'],
  ...['probability', 'liveness', 'deepfake', 'quality', 'image_quality', 'face', 'box', 'attributes'],
  ...['__proto__', 'constructor', 'toString', 'age'],
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, 5, 90, 0.9, 429, 500, 1e308, -1, '', '0', '5', '90'),
  fc.constantFrom('emp-1', 'bob', 'ok', 'error', 'Request Success', 'FAIL_ON_17', 'FAIL_ON_4', 'timeout'),
  fc.constantFrom(
    'Subject id emp-1 successfully deleted',
    'too many requests',
    secret,
    `${secret}\0`,
    '\ud800',
  ),
);
const { body } = fc.letrec<{ body: unknown; value: unknown }>((tie) => ({
  body: fc.dictionary(names, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: tie('body') },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
  ),
}));
/** The same, and more often what is nearly a success. */
const reply = fc.oneof(
  body,
  fc.record({ transactionId: fc.constant('t'), result: body }),
  fc.tuple(body, fc.array(body, { maxLength: 2 })).map(([rest, matches]) => ({
    ...(rest as object),
    message: 'Request Success',
    matches: matches.map((match) => ({ ...(match as object), subject_id: templateId })),
  })),
);
const status = fc.constantFrom(200, 200, 200, 201, 202, 400, 403, 404, 429, 500);

test.each(Object.entries(readers))('%s: any body is read, and what is read can be kept', (_, read) => {
  fc.assert(
    fc.property(status, reply, (code, content) => {
      const text = JSON.stringify(content);
      const judged = read({ kind: 'response', status: code, headers: {}, text });
      expectStorable(judged, secret);
      expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
      const isSuccess = ['enrolled', 'identified', 'verified', 'deleted'].includes(judged.kind);
      if ([202, 403, 404, 429, 500].includes(code)) expect(isSuccess).toBe(false);
    }),
    { numRuns: randomInputs(1_000) },
  );
});
