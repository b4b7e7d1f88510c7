import { describe, expect, it } from 'vitest';
import type { EngineReply } from '../../src/engines/engine.ts';
import {
  accountCheckOf,
  isFine,
  judgeByStatus,
  judgeFailure,
  judgeUnread,
  type ReplyOptions,
} from '../../src/engines/judgement.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';

const fix = { credentials: 'check the key', url: 'check the address' };
const options: ReplyOptions = {
  clean: createCleanText({ secrets: ['canary-key'] }),
  fix,
  keepDemographics: false,
  nowInMs: Date.UTC(2026, 10, 22),
};
const responseOf = (status: number, text?: string, headers: Record<string, string | string[]> = {}) => ({
  kind: 'response' as const,
  status,
  headers,
  ...(text !== undefined && { text }),
});

describe('a call without a reply', () => {
  it.each([
    ['unknown-host', { kind: 'refused', certain: false, fix: fix.url }],
    [
      'certificate',
      {
        kind: 'refused',
        certain: false,
        fix: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*check the address$/),
      },
    ],
    ['proxy', { kind: 'refused', certain: false, fix: 'check HTTPS_PROXY (or HTTP_PROXY, ALL_PROXY)' }],
    ['timeout', { kind: 'unavailable', sent: true }],
    ['connection', { kind: 'unavailable', sent: true }],
  ] as const)('for its %s', (fault, expected) => {
    const failure = { kind: 'failed', fault, message: 'no way', sent: true } as const;
    expect(judgeFailure(failure, fix)).toEqual({ message: 'no way', ...expected });
  });

  it('says whether the engine can have got it', () => {
    const failure = { kind: 'failed', fault: 'timeout', message: 'm', sent: false } as const;
    expect(judgeFailure(failure, fix)).toMatchObject({ kind: 'unavailable', sent: false });
  });
});

describe('a status that says all', () => {
  const statuses = (kind: string, ...all: number[]) => all.map((status) => [status, kind] as const);
  it.each([
    ...statuses('throttled', 429),
    ...statuses('unavailable', 408, 425, 500, 502, 503, 504, 599),
    ...statuses('refused', 300, 301, 302, 304, 307, 399, 401, 402, 403, 404, 405, 407, 410, 421),
    ...statuses('nothing', 200, 201, 204, 299, 400, 406, 409, 411, 413, 415, 418, 422, 426, 499),
  ])('%i: %s', (status, kind) => {
    expect(judgeByStatus(responseOf(status, '{}'), 'enroll', options)?.kind ?? 'nothing').toBe(kind);
    expect(isFine(status)).toBe(status < 300);
  });

  it.each([
    [401, true, fix.credentials],
    [402, true, fix.credentials],
    [403, false, `${fix.credentials}; ${fix.url}`],
    [404, false, fix.url],
    [407, false, expect.stringContaining('HTTPS_PROXY')],
  ])('%i proves that the account is at fault: %s', (status, certain, expected) => {
    const reply = judgeByStatus(responseOf(status), 'enroll', options);
    expect(reply).toMatchObject({ kind: 'refused', httpStatus: status, certain, fix: expected });
  });

  it.each([
    ['a body that speaks of too many calls', '{"message":"Too many requests"}', 'throttled'],
    ['a page that does', '<html><style>body{}</style><p>Too many <b>requests</b></p></html>', 'throttled'],
    ['a page whose script does', '<script>var a = "too many requests"\n</script><p>no</p>', 'refused'],
    ['a page whose attribute does', '<p title="too many requests">no</p>', 'refused'],
    ['a list that does', '["too many requests"]', 'refused'],
    ['words far behind', `${'x '.repeat(2_000)}too many requests`, 'refused'],
    ['none', '', 'refused'],
  ])('403 with %s', (_, text, kind) => {
    expect(judgeByStatus(responseOf(403, text), 'enroll', options)?.kind).toBe(kind);
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': ['7', '9'] }, 7_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('with %j tells how long to wait', (headers, expected) => {
    for (const status of [429, 503]) {
      const reply = judgeByStatus(responseOf(status, '', headers), 'enroll', options);
      expect(reply && 'retryAfterInMs' in reply ? reply.retryAfterInMs : undefined).toBe(expected);
      if (expected === undefined) expect(reply).not.toHaveProperty('retryAfterInMs');
    }
  });

  it.each([
    [
      '{"error":"down  for\\n\\n now","age":3,"key":"canary-key"}',
      ': {"error":"down for now","key":"[redacted]"}',
    ],
    ['out of\t\t order', ': out of order'],
    ['  <html>down</html>', ''],
    ['2 < 3', ': 2 < 3'],
    ['', ''],
    ['   ', ''],
  ])('of the engine’s own fault quotes its words: %j', (text, quoted) => {
    expect(judgeByStatus(responseOf(500, text), 'enroll', options)).toMatchObject({
      message: `the engine answered 500${quoted}`,
    });
  });
});

describe('a reply that is neither success nor verdict', () => {
  it.each<[string, number, string | undefined, object]>([
    [
      '413',
      413,
      '{"error":"too many requests"}',
      { kind: 'rejected', code: 'http-413', stored: 'no', reasons: [] },
    ],
    ['415', 415, '', { kind: 'rejected', code: 'http-415', stored: 'no' }],
    ['too fast', 200, '{"message":"rate limit exceeded"}', { kind: 'throttled', httpStatus: 200 }],
    ['a quota', 200, '{"message":"Quota is over"}', { kind: 'refused', certain: true, fix: fix.credentials }],
    ['an account without money', 400, '{"error":"insufficient credits"}', { kind: 'refused', certain: true }],
    [
      'a key',
      400,
      '{"error":"bad API key canary-key"}',
      { kind: 'refused', certain: false, message: expect.stringContaining('[redacted]') },
    ],
    ['no body', 200, undefined, { kind: 'unavailable', sent: true, message: 'the reply (200) is too long' }],
    ['no JSON', 200, 'hello', { kind: 'unavailable', message: expect.stringMatching(/no JSON object$/) }],
    ['a list', 200, '[1]', { kind: 'unavailable', message: expect.stringMatching(/no JSON object$/) }],
    [
      'an error without a code',
      400,
      '{"x":1}',
      { kind: 'unavailable', message: 'the reply (400) is an error without a code: {"x":1}' },
    ],
    [
      'a denial',
      200,
      '{"ok":false}',
      { kind: 'unavailable', message: 'the reply (200) is no success: it says "ok": false' },
    ],
    [
      'nothing',
      200,
      '{"x":1}',
      { kind: 'unavailable', message: 'the reply (200) lacks the fields of a success' },
    ],
    ['nothing at 299', 299, '{"x":1}', { message: 'the reply has the status 299, which is no success' }],
  ])('%s', (_, status, text, expected) => {
    const reply = judgeUnread(responseOf(status, text), options);
    expect(reply).toMatchObject(expected);
    expect(JSON.stringify(reply)).not.toContain('canary');
  });

  it('says why it was not read, and what an adapter found', () => {
    const unread = { ...responseOf(200), unread: 'is in no charset that is known' };
    expect(judgeUnread(unread, options).message).toBe('the reply (200) is in no charset that is known');
    const found = judgeUnread(responseOf(200, '{}'), options, { shown: '"id": "canary-key"' });
    expect(found.message).toBe('the reply (200) is no success: it says "id": "[redacted]"');
  });
});

describe('what a look at the account shows', () => {
  const rejected = (code: string): EngineReply => ({
    ...{ kind: 'rejected', httpStatus: 400, code, message: 'no photo', reasons: [], stored: 'no' },
  });
  it.each<[string, EngineReply, object]>([
    ['a success', { kind: 'enrolled', httpStatus: 200, templateId: 'T' }, { ok: true }],
    ['a verdict that only an account gets', rejected('1'), { ok: true }],
    ['another verdict', rejected('2'), { ok: false, message: 'no photo (2)' }],
    [
      'a refusal',
      { kind: 'refused', certain: true, message: 'wrong key', fix: 'check it' },
      {
        ok: false,
        message: 'wrong key: check it',
        undecided: { kind: 'refused', certain: true, message: 'wrong key', fix: 'check it' },
      },
    ],
    [
      "a refusal of the engine's own",
      { kind: 'refused', certain: false, httpStatus: 403, message: 'wrong key', fix: 'check it' },
      { ok: false, message: 'wrong key: check it' },
    ],
    [
      'a refusal of a proxy',
      { kind: 'refused', certain: false, httpStatus: 407, message: 'who are you', fix: 'say it' },
      { ok: false, message: 'who are you: say it', undecided: { kind: 'refused', httpStatus: 407 } },
    ],
    [
      'an engine that is down',
      { kind: 'unavailable', message: 'down', sent: true },
      {
        ok: false,
        message: 'down',
        undecided: { kind: 'unavailable', message: 'down', sent: true },
      },
    ],
    [
      'one that is busy',
      { kind: 'throttled', httpStatus: 429, message: 'slow' },
      { ok: false, message: 'slow', undecided: { kind: 'throttled', httpStatus: 429, message: 'slow' } },
    ],
  ])('%s', (_, reply, expected) => {
    const check = accountCheckOf(reply, ({ code }) => code === '1');
    expect(check).toMatchObject(expected);
    expect('undecided' in check).toBe('undecided' in expected);
  });
});
