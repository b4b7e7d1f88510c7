import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { createEngine } from '../../src/engines/registry.ts';
import type { GivenSettings } from '../../src/engines/settings.ts';
import { describeEngineBasics } from '../conformance/engine-basics.ts';
import { enrollWith, tinyJpeg, tinyPng } from '../conformance/engine-calls.ts';
import { describeEngine, type ScriptedVerdict } from '../conformance/engine-conformance.ts';
import { startEngineServer } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { readVerihubsEnrollDocument } from '../helpers/seed-documents.ts';

const credentials = { appId: 'canary-id/47+11', appKey: 'canary-key/08=15&?' };
const { codes, failures } = readVerihubsEnrollDocument();

const verihubs = {
  name: 'verihubs',
  createEngine: (url: string, { timeoutInMs }: { timeoutInMs: number }) =>
    createEngine({
      name: 'verihubs',
      url,
      environment: { VERIHUBS_APP_ID: credentials.appId, VERIHUBS_API_KEY: credentials.appKey },
      timeoutInMs,
      concurrency: 4,
    }).engine,
  secrets: Object.values(credentials),
};
const startServer = () => startEngineServer({ language: 'verihubs', credentials });

const scriptOf = (code: string) => `code-${code.toLowerCase().replaceAll('_', '-')}`;
const shownOf: Readonly<Record<string, string>> = { nface: 'face-count' };

const failVerdicts: ScriptedVerdict[] = [...failures].map(([code, words]) => ({
  script: scriptOf(code),
  code,
  message: 'fail on',
  // In the order of the mask's bits, which the page does not keep to.
  reasons: ['liveness', 'attribute', 'quality', 'nface']
    .filter((word) => words.includes(word))
    .map((word) => shownOf[word] ?? word),
  stored: 'unknown',
}));

const photosFault = [
  'INVALID_PAYLOAD_IMAGE_MISSING',
  'INVALID_PAYLOAD_IMAGE_SIZE',
  'INVALID_PAYLOAD_IMAGE_FORMAT',
  'INVALID_PAYLOAD_SUBJECT_ID_MISSING',
  'FACE_NOT_DETECTED',
];

describeEngineBasics({
  ...verihubs,
  start: startServer,
  good: [
    { photo: tinyJpeg, format: 'jpeg' },
    { photo: tinyPng, format: 'png' },
  ],
  refused: [
    { photo: Buffer.from('no image at all'), format: 'jpeg', code: 'INVALID_PAYLOAD_IMAGE_FORMAT' },
    { photo: Buffer.alloc(0), format: 'jpeg', code: 'INVALID_PAYLOAD_IMAGE_MISSING' },
    {
      photo: Buffer.concat([tinyJpeg, Buffer.alloc(3_750_001 - tinyJpeg.length)]),
      format: 'jpeg',
      code: 'INVALID_PAYLOAD_IMAGE_SIZE',
    },
  ],
});

describeEngine({
  ...verihubs,
  startServer,
  verdicts: [
    ...failVerdicts,
    ...photosFault.map((code) => ({
      script: scriptOf(code),
      code,
      message: codes.get(code)?.description ?? 'none',
      stored: 'no' as const,
    })),
    { script: 'code-something-else', code: 'SOMETHING_ELSE', message: 'something', stored: 'no' },
    { script: 'ok-code-something-else', code: 'SOMETHING_ELSE', message: 'something', stored: 'unknown' },
    { script: 'code-fail-on-16', code: 'FAIL_ON_16', message: 'something', stored: 'no' },
    { script: 'ok-code-fail-on-16', code: 'FAIL_ON_16', message: 'something', stored: 'unknown' },
  ],
});

describe('what only Verihubs has', () => {
  let server: EngineServer;
  let engine: Engine;
  beforeAll(async () => {
    server = await startServer();
    engine = verihubs.createEngine(server.url, { timeoutInMs: 5_000 });
  });
  afterEach(() => server.reset());
  afterAll(async () => {
    await engine.close();
    await server.close();
  });
  const play = async (script: string) =>
    (await enrollWith(engine, { photo: tagPhoto(tinyJpeg, script) })).reply;
  const enroll = async (liveness: boolean, flags?: GivenSettings) => {
    const checks = { liveness, deepfake: false };
    const { reply } = await enrollWith(engine, {
      checks,
      ...(flags && { settings: { ...documented, ...flags } }),
    });
    return { reply, fields: server.calls.at(-1)?.fields, violations: server.calls.at(-1)?.violations };
  };
  const documented: GivenSettings = {
    checkQuality: true,
    checkAttribute: true,
    validateQuality: false,
    validateAttribute: false,
    validateLiveness: false,
    validateNface: false,
  };

  test('the page has 15 masks and 15 other codes, and each is one of these', () => {
    expect([...failures.keys()]).toEqual(Array.from({ length: 15 }, (_, index) => `FAIL_ON_${index + 1}`));
    const others = [...codes.keys()].filter((code) => !failures.has(code));
    const elsewhere = [...refusals.map(([code]) => code), 'INVALID_PAYLOAD_IMAGE_TIMEOUT'];
    expect(others.sort()).toEqual([...photosFault, ...elsewhere, 'INTERNAL_SERVER_ERROR'].sort());
  });

  const refusals: readonly (readonly [string, boolean, string])[] = [
    ['INSUFFICIENT_QUOTA_ENROLL', true, 'ask Verihubs'],
    ['INSUFFICIENT_QUOTA_LIVENESS', true, 'ask Verihubs'],
    ['INVALID_PAYLOAD_QUALITY_VALIDATION_DEPENDENCY', true, '--validate-quality and --check-quality'],
    ['INVALID_PAYLOAD_ATTRIBUTE_VALIDATION_DEPENDENCY', true, '--validate-attribute and --check-attribute'],
    ['INVALID_PAYLOAD_LIVENESS_VALIDATION_DEPENDENCY', true, '--validate-liveness and --check-liveness'],
    ['INVALID_PAYLOAD', false, '--engine-url'],
    ['MISSING_PAYLOAD_IMAGE', false, '--engine-url'],
  ];
  test.each(refusals)('%s is no fault of the photo', async (code, certain, fix) => {
    const reply = await play(scriptOf(code));
    expect(reply).toMatchObject({ kind: 'refused', certain, httpStatus: codes.get(code)?.status });
    expect(reply).toHaveProperty('message', expect.stringContaining(code));
    expect(reply).toHaveProperty('fix', expect.stringContaining(fix));
  });

  test('an account without quota is not fine', async () => {
    server.setMode('code-insufficient-quota-enroll');
    const { signal } = new AbortController();
    expect(await engine.checkAccount?.(signal)).toMatchObject({
      ok: false,
      message: expect.stringContaining('quota'),
    });
  });

  test('an address that could not be fetched in time, and an error of the server, are tried again', async () => {
    for (const code of ['INVALID_PAYLOAD_IMAGE_TIMEOUT', 'INTERNAL_SERVER_ERROR'])
      expect(await play(scriptOf(code))).toMatchObject({ kind: 'unavailable', sent: true });
  });

  test('every flag of the page is sent, with its default and with another value', async () => {
    const defaults = {
      is_quality: true,
      is_attribute: true,
      is_liveness: false,
      validate_quality: false,
      validate_attribute: false,
      validate_liveness: false,
      validate_nface: false,
    };
    for (const flags of [undefined, {}]) {
      const { fields, violations } = await enroll(false, flags);
      expect(fields).toEqual({ ...defaults, subject_id: 'somebody' });
      expect(violations).toEqual([]);
    }
    const all = {
      validateQuality: true,
      validateAttribute: true,
      validateLiveness: true,
      validateNface: true,
    };
    const { fields } = await enroll(true, all);
    const sent = Object.fromEntries(Object.keys(defaults).map((name) => [name, true]));
    expect(fields).toEqual({ ...sent, subject_id: 'somebody' });
    const { fields: none } = await enroll(false, { checkQuality: false, checkAttribute: false });
    expect(none).toEqual({
      ...defaults,
      is_quality: false,
      is_attribute: false,
      subject_id: 'somebody',
    });
    // What the server forbids reaches the core as what it is.
    expect((await enroll(false, { validateLiveness: true })).reply).toMatchObject({
      kind: 'refused',
      certain: true,
    });
  });

  test("a success is read whole, in the report's words", async () => {
    const { reply } = await enroll(true);
    expect(reply).toEqual({
      kind: 'enrolled',
      httpStatus: 200,
      templateId: 'somebody',
      transactionId: expect.any(String),
      checks: { liveness: { score: 0.98, fine: true } },
      quality: { blur: 12.5, dark: 0.1, grayscale: false },
      face: {
        box: { top_left: { x: 120, y: 80 }, bottom_right: { x: 360, y: 400 } },
        landmarks: { left_eye: { x: 180, y: 190 }, right_eye: { x: 290, y: 188 } },
        rotation: 0,
        faces: 1,
        attributes: { sunglasses: false, mask: false, veil: false, hat: true },
      },
    });
    expect(await play('not-live')).not.toHaveProperty('checks');
    expect(await play('ok-no-id')).toMatchObject({ kind: 'enrolled', templateId: 'somebody' });
  });

  test('an engine fetches a photo by its address, and no message tells a signature', async () => {
    const signature = 'canary'.repeat(8);
    const address = `${server.url}/photo.jpg?X-Amz-Signature=${signature}&X-Amz-Credential=${signature}%2Fs3`;
    const { enrollAddress } = engine;
    const call = () =>
      enrollAddress?.({
        address,
        templateId: 'somebody',
        checks: { liveness: false, deepfake: false },
        signal: new AbortController().signal,
        onSent: () => {},
      });
    expect(await call()).toMatchObject({ kind: 'rejected', code: 'INVALID_PAYLOAD_IMAGE_FORMAT' });
    const [first] = server.calls;
    expect(first).toMatchObject({ photoAddress: address, violations: [] });
    server.script('somebody', 'echo');
    server.setMode('echo');
    expect(JSON.stringify(await call())).not.toContain('canary');
  });

  test('a wrong header name, a wrong type and a body that is no JSON are refused by the server itself', async () => {
    const send = async (headers: Record<string, string>, body: string) => {
      const response = await fetch(`${server.url}/v1/face/enroll`, { method: 'POST', headers, body });
      const { error_code: code } = (await response.json()) as { error_code?: string };
      return [response.status, code];
    };
    const right = {
      'App-ID': credentials.appId,
      'API-Key': credentials.appKey,
      'content-type': 'application/json',
    };
    expect(await send({ ...right, 'API-Key': '', 'APP-KEY': credentials.appKey }, '{}')).toEqual([
      401,
      undefined,
    ]);
    expect(await send(right, '{}')).toEqual([400, 'MISSING_PAYLOAD_IMAGE']);
    expect(await send(right, 'no JSON')).toEqual([400, 'MISSING_PAYLOAD_IMAGE']);
    expect(await send(right, '{"image":"","subject_id":""}')).toEqual([400, 'INVALID_PAYLOAD']);
    const image = tinyJpeg.toString('base64');
    expect(await send(right, JSON.stringify({ image, subject_id: 'a' }))).toEqual([400, 'INVALID_PAYLOAD']);
    const { fields } = await enroll(false);
    const text = (more: object) => JSON.stringify({ ...fields, image, ...more });
    expect(await send(right, text({}))).toEqual([200, undefined]);
    expect(await send({ ...right, 'content-type': 'text/plain' }, text({}))).toEqual([
      400,
      'INVALID_PAYLOAD',
    ]);
    expect(await send(right, text({ is_quality: 'true' }))).toEqual([400, 'INVALID_PAYLOAD']);
    expect(await send(right, text({ image: `${image}=` }))).toEqual([400, 'INVALID_PAYLOAD_IMAGE_MISSING']);
  });
});
