import { describe, expect, it } from 'vitest';
import type { Engine, EnrollRequest, VerifyRequest } from '../../src/engines/engine.ts';
import { createOotoEngine } from '../../src/engines/ooto.ts';
import { createVerihubsEngine } from '../../src/engines/verihubs.ts';
import type { HttpCall, HttpClient } from '../../src/util/http/http-client.ts';
import type { HttpResponse } from '../../src/util/http/http-exchange.ts';
import type { HttpFailure } from '../../src/util/http/http-failure.ts';

type Answer = HttpResponse | HttpFailure;
const [appId, appKey] = ['canary-id-4711', 'canary-key-0815'];
const fix = { credentials: 'check the key', url: 'check the address' };
const { signal } = new AbortController();

const answerOf = (status: number, body: unknown): HttpResponse => ({
  kind: 'response',
  status,
  headers: {},
  text: JSON.stringify(body),
});
const unknownHost: HttpFailure = {
  kind: 'failed',
  fault: 'unknown-host',
  message: 'unknown host',
  sent: false,
};

/** An engine whose calls are answered without a network. */
function engineWith(name: 'ooto' | 'verihubs', answer: Answer, keepDemographics?: boolean) {
  const calls: (HttpCall & { method: string })[] = [];
  let isClosed = false;
  const take = (method: string) => async (call: HttpCall) => {
    calls.push({ method, ...call });
    call.onSent?.();
    return answer;
  };
  const http: HttpClient = {
    post: take('POST'),
    delete: take('DELETE'),
    close: async () => {
      isClosed = true;
    },
  };
  const common = { http, appId, fix, ...(keepDemographics !== undefined && { keepDemographics }) };
  const engine: Engine =
    name === 'ooto'
      ? createOotoEngine({ ...common, name, appKey })
      : createVerihubsEngine({ ...common, apiKey: appKey });
  return { engine, calls, isClosed: () => isClosed };
}

const request = (more: Partial<EnrollRequest> = {}): EnrollRequest & VerifyRequest => ({
  photo: Buffer.from('photo'),
  format: 'jpeg',
  templateId: 'emp-1',
  checks: { liveness: false, deepfake: false },
  threshold: 80,
  signal,
  onSent: () => {},
  ...more,
});

describe.each(['ooto', 'verihubs'] as const)('%s', (name) => {
  it('passes every call the same signal, and says when it was sent', async () => {
    const { engine, calls } = engineWith(name, unknownHost);
    let sent = 0;
    const onSent = () => {
      sent += 1;
    };
    await engine.enroll(request({ onSent }));
    await engine.deleteTemplate?.({ templateId: 'emp-1', signal, onSent });
    await engine.identify?.(request({ onSent }));
    await engine.verify?.(request({ onSent }));
    await engine.enrollAddress?.({ ...request({ onSent }), address: 'https://h/a.jpg' });
    expect(calls).toHaveLength(name === 'ooto' ? 3 : 5);
    expect(sent).toBe(calls.length);
    expect(calls.every((call) => call.signal === signal)).toBe(true);
    const named =
      name === 'ooto' ? { 'APP-ID': appId, 'APP-KEY': appKey } : { 'App-ID': appId, 'API-Key': appKey };
    for (const { headers } of calls) expect(headers).toMatchObject(named);
    // Nobody waits for the doctor's own call.
    await engine.checkAccount?.(signal);
    expect(calls.at(-1)).not.toHaveProperty('onSent');
  });

  it('ends no call without a verdict where none came', async () => {
    const { engine } = engineWith(name, unknownHost);
    const refused = { kind: 'refused', certain: false, message: 'unknown host', fix: fix.url };
    expect(await engine.enroll(request())).toEqual(refused);
    expect(await engine.deleteTemplate?.({ templateId: 'emp-1', signal, onSent() {} })).toEqual(refused);
    expect(await engine.identify?.(request())).toEqual(refused);
    if (engine.verify) expect(await engine.verify(request())).toEqual(refused);
    expect(await engine.checkAccount?.(signal)).toEqual({
      ok: false,
      message: 'unknown host: check the address',
      undecided: refused,
    });
  });

  it('repeats no credential that a reply repeats', async () => {
    const body = { message: `no ${appKey} of ${appId}`, error: appKey, code: appKey };
    for (const status of [200, 400, 403, 500]) {
      const { engine } = engineWith(name, answerOf(status, body));
      const replies = [
        await engine.enroll(request()),
        await engine.deleteTemplate?.({ templateId: 'emp-1', signal, onSent() {} }),
        await engine.identify?.(request()),
        await engine.verify?.(request()),
        await engine.checkAccount?.(signal),
      ];
      expect(JSON.stringify(replies)).not.toMatch(/canary-/);
    }
  });

  it('says which photos it takes and what it can check, and closes its connections', async () => {
    const { engine, isClosed } = engineWith(name, unknownHost);
    expect(engine.accepts.formats).toEqual(['jpeg', 'png']);
    expect(engine.checks).toEqual(name === 'ooto' ? ['liveness', 'deepfake'] : ['liveness']);
    expect(isClosed()).toBe(false);
    await engine.close();
    expect(isClosed()).toBe(true);
  });

  it('leaves a face’s age out, unless it is to be kept', async () => {
    const quality = { age: 30, blur: 0.5 };
    const body =
      name === 'ooto'
        ? { result: { templateId: 'emp-1', quality } }
        : { message: 'success', image_quality: quality };
    for (const keeps of [undefined, false, true]) {
      const reply = await engineWith(name, answerOf(200, body), keeps).engine.enroll(request());
      expect(reply).toMatchObject({ kind: 'enrolled' });
      expect(JSON.stringify(reply).includes('"age":30')).toBe(keeps === true);
      expect(JSON.stringify(reply)).toContain('"blur":0.5');
    }
  });
});

describe('ooto', () => {
  it('names a photo’s checks in every call, also where they are off', async () => {
    const { engine, calls } = engineWith('ooto', unknownHost);
    await engine.enroll(request({ checks: { liveness: true, deepfake: false } }));
    await engine.identify?.(request({ checks: { liveness: false, deepfake: true } }));
    await engine.checkAccount?.(signal);
    expect(calls.map(({ path }) => path)).toEqual([
      '/add?check_liveness=true&check_deepfake=false',
      '/identify?check_liveness=false&check_deepfake=true',
      '/add?check_liveness=false&check_deepfake=false',
    ]);
    const names = calls.map(({ body }) => body.toString('latin1').match(/ name="\w+"/g));
    expect(names).toEqual(
      [[' name="templateId"', ' name="photo"'], [' name="photo"'], [' name="templateId"']].map((all) =>
        expect.arrayContaining(all),
      ),
    );
    expect(names.map((all) => all?.length)).toEqual([2, 1, 1]);
  });

  it('takes no id that holds the key for a template’s, but the one that was sent', async () => {
    const enroll = async (templateId: string, returned: string) =>
      engineWith('ooto', answerOf(200, { result: { templateId: returned } })).engine.enroll(
        request({ templateId }),
      );
    expect(await enroll('emp-1', `x-${appKey}`)).toMatchObject({ kind: 'unavailable' });
    expect(await enroll('emp-1', 'x')).toMatchObject({ kind: 'enrolled', templateId: 'x' });
    const own = `x-${appKey}`;
    expect(await enroll(own, own)).toMatchObject({ kind: 'enrolled', templateId: own });
  });
});

describe('verihubs', () => {
  const sentBy = async (settings: object, checks = { liveness: false, deepfake: false }) => {
    const { engine, calls } = engineWith('verihubs', unknownHost);
    await engine.enroll(request({ settings, checks }));
    return JSON.parse(String(calls[0]?.body));
  };

  it('is asked for what a run’s settings ask of it', async () => {
    expect(await sentBy({})).toEqual({
      subject_id: 'emp-1',
      image: Buffer.from('photo').toString('base64'),
      ...{ is_quality: true, is_attribute: true, is_liveness: false },
      ...{
        validate_quality: false,
        validate_attribute: false,
        validate_liveness: false,
        validate_nface: false,
      },
    });
    const liveness = { liveness: true, deepfake: false };
    expect(await sentBy({ require: ['liveness'], validateNface: true }, liveness)).toMatchObject({
      ...{ is_liveness: true, validate_liveness: true, validate_nface: true },
    });
  });

  it('fetches photos itself where a run asks for that', async () => {
    const { engine, calls } = engineWith('verihubs', unknownHost);
    expect(engine.sendsAddressesBy?.({})).toBeUndefined();
    expect(engine.sendsAddressesBy?.({ photoTransport: 'bytes' })).toBeUndefined();
    expect(engine.sendsAddressesBy?.({ photoTransport: 'url' })).toBe('photoTransport');
    const address = 'https://h/a.jpg?sig=1';
    await engine.enrollAddress?.({ ...request(), address });
    expect(JSON.parse(String(calls[0]?.body))).toMatchObject({ subject_id: 'emp-1', image: address });
  });

  it('repeats no signature of an address that a reply repeats', async () => {
    const signature = 'c2lnbmF0dXJlLW9mLWE';
    const address = `https://h/a.jpg?x=1&sig=${signature}`;
    const body = { message: `cannot fetch with ${signature}`, error_code: 'INVALID_PAYLOAD_IMAGE_TIMEOUT' };
    const { engine } = engineWith('verihubs', answerOf(400, body));
    const reply = await engine.enrollAddress?.({ ...request(), address });
    expect(JSON.stringify(reply)).toContain('cannot fetch with [redacted]');
  });

  it.each<[string, Answer, boolean]>([
    ['the code for a call without a photo', answerOf(400, { error_code: 'MISSING_PAYLOAD_IMAGE' }), true],
    ['another code about the body', answerOf(400, { error_code: 'INVALID_PAYLOAD_IMAGE_MISSING' }), true],
    [
      'the same with 200, which would be a success of something',
      answerOf(200, { error_code: 'MISSING_PAYLOAD_IMAGE' }),
      false,
    ],
    ['an empty account', answerOf(400, { error_code: 'INSUFFICIENT_QUOTA_ENROLL' }), false],
    ['a code that no page has', answerOf(400, { error_code: 'NOPE' }), false],
    ['an error without a code', answerOf(400, { message: 'no' }), false],
    ['no body', { kind: 'response', status: 400, headers: {} }, false],
    ['no JSON', { kind: 'response', status: 400, headers: {}, text: 'no' }, false],
    ['a refusal', answerOf(401, {}), false],
  ])('shows that the account is fine by %s: %#', async (_, answer, ok) => {
    const { engine, calls } = engineWith('verihubs', answer);
    expect(await engine.checkAccount?.(signal)).toMatchObject({ ok });
    expect(JSON.parse(String(calls[0]?.body))).toMatchObject({ is_liveness: false });
    expect(JSON.parse(String(calls[0]?.body))).not.toHaveProperty('image');
  });
});
