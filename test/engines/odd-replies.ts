import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { HttpResponse } from '../../src/util/http/http-exchange.ts';
import { readBody } from '../../src/util/http/read-body.ts';

/** What real servers, proxies and gateways answered to an enrollment, and what must come of it. */
export interface OddReply {
  readonly name: string;
  readonly status?: number;
  /** An object is sent as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is asked of the reply; a text: its kind. */
  readonly becomes: 'enrolled' | 'unavailable' | 'throttled' | 'refused' | object;
}

export function responseOf({ status = 200, body, headers = {} }: OddReply): HttpResponse {
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = Buffer.from(isText ? (body as string) : JSON.stringify(body));
  return { kind: 'response', status, headers, ...readBody(bytes, { headers, limitInBytes: 100_000 }) };
}

/** Of any engine. `good`: a success by its page. */
export function repliesOfAnyEngine(good: Readonly<Record<string, unknown>>): OddReply[] {
  const text = JSON.stringify(good);
  const noSuccess = {
    kind: 'unavailable',
    httpStatus: 200,
    message: expect.stringMatching(/is no success: it says "/),
  };
  return [
    { name: 'a success', body: good, becomes: 'enrolled' },
    { name: 'with a byte order mark', body: `\ufeff${text}`, becomes: 'enrolled' },
    {
      name: 'gzip though nobody asked',
      body: gzipSync(text),
      headers: { 'content-encoding': 'gzip' },
      becomes: 'enrolled',
    },
    {
      name: 'UTF-16',
      body: Buffer.from(text, 'utf16le'),
      headers: { 'content-type': 'text/json; charset=utf-16' },
      becomes: 'enrolled',
    },
    { name: 'lines before it', body: `\n\n  \r\n${text}`, becomes: 'enrolled' },
    { name: 'a NUL behind it', body: `${text}\0`, becomes: 'enrolled' },
    { name: 'as text/plain', body: good, headers: { 'content-type': 'text/plain' }, becomes: 'enrolled' },
    { name: '201', status: 201, body: good, becomes: 'enrolled' },
    {
      name: 'a status that says fine',
      body: { status: 'OK', code: 200, success: true, error: null, errors: [], ...good },
      becomes: 'enrolled',
    },
    {
      name: 'errors that are none',
      body: { error: 'none', error_message: '', errorCode: 0, ...good },
      becomes: 'enrolled',
    },
    { name: 'no error, in words', body: { detail: 'done, no errors', ...good }, becomes: 'enrolled' },
    {
      name: 'deep in a place that is not read',
      body: text.replace(/}$/, `,"deep":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
      becomes: 'enrolled',
    },

    {
      name: 'a notice of PHP before it',
      body: `<br />\n<b>Notice</b>: x<br />\n${text}`,
      becomes: 'unavailable',
    },
    { name: 'NaN in it', body: text.replace(/}$/, ',"x":NaN}'), becomes: 'unavailable' },
    { name: 'in a list', body: [good], becomes: 'unavailable' },
    { name: 'as a text', body: JSON.stringify(text), becomes: 'unavailable' },
    { name: '202 without a body', status: 202, body: '', becomes: 'unavailable' },
    { name: '204', status: 204, body: '', becomes: 'unavailable' },
    {
      name: 'a sign-in page',
      body: '<!DOCTYPE html><html><title>Sign in to the guest network</title></html>',
      becomes: 'unavailable',
    },
    {
      name: 'a page of 400',
      status: 400,
      body: '<html><head><title>400 Bad Request</title></head></html>',
      becomes: 'unavailable',
    },
    {
      name: 'problem details',
      status: 400,
      body: {
        type: 'about:blank',
        title: 'One or more validation errors occurred.',
        errors: { photo: ['too small'] },
      },
      becomes: 'unavailable',
    },
    { name: 'a conflict', status: 409, body: { message: 'template already exists' }, becomes: 'unavailable' },
    {
      name: 'details of 422',
      status: 422,
      body: { detail: [{ loc: ['body'], msg: 'field required' }] },
      becomes: 'unavailable',
    },
    {
      name: '413',
      status: 413,
      body: '<html>413 Request Entity Too Large</html>',
      becomes: { kind: 'rejected', code: 'http-413' },
    },
    ...[499, 520, 598, 999].map((status) => ({
      name: `${status}`,
      status,
      body: '',
      becomes: 'unavailable' as const,
    })),
    ...[307, 302, 404, 421].map((status) => ({
      name: `${status}`,
      status,
      body: '',
      becomes: 'refused' as const,
    })),

    ...[
      { success: false },
      { success: false, error: 'not stored' },
      { success: 'false' },
      { ok: 0 },
      { errors: [{ message: 'index is read only, not stored' }] },
      { error: { code: 12, message: 'shard lost' } },
      { error: 'x' },
      { error: true },
      { errors: { photo: ['too small'] } },
      { errorMessage: 'no space' },
      { error_code: ['E1'] },
      { exception: 'NullPointerException' },
      { status: 'failed' },
      { status: 'ERROR' },
      { status: 'queued' },
      { statusCode: 500 },
      { code: '503' },
      { detail: 'the template was not stored' },
      { info: 'gagal' },
      { description: 'partially stored' },
    ].map((more) => ({
      name: `${JSON.stringify(more)} beside a success`,
      body: { ...good, ...more },
      becomes: noSuccess,
    })),
    ...[
      '"success":false,"success":true',
      '"error":"disk full","error":null',
      '"status":"error","\\u0073tatus":"ok"',
    ].map((twice) => ({
      name: `${twice} beside a success`,
      body: text.replace('{', `{${twice},`),
      becomes: { kind: 'unavailable', message: expect.stringMatching(/comes twice/) },
    })),

    ...[
      { message: 'Too Many Requests' },
      { message: 'too many API requests, slow down' },
      { error: 'rate_limit_exceeded' },
      { error: { type: 'RATE-LIMIT-EXCEEDED' } },
      { errors: [{ detail: 'You have exceeded the rate limit' }] },
      { error_message: 'CONCURRENCY_LIMIT_EXCEEDED' },
      { message: 'Request was throttled. Expected available in 3 seconds.' },
      { title: 'API rate limit exceeded' },
      '<html><title>Too many requests</title></html>',
      'Rate limit reached',
    ].flatMap((body) =>
      [200, 400, 403].map((status) => ({
        name: `${JSON.stringify(body)} at ${status}`,
        status,
        body,
        headers: { 'retry-after': '7' },
        becomes: { kind: 'throttled', httpStatus: status, retryAfterInMs: 7_000 },
      })),
    ),
    {
      name: 'throttled beside a success',
      body: { ...good, error: 'too many requests' },
      becomes: 'throttled',
    },
  ];
}
