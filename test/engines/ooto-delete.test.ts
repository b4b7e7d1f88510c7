import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeleteReply, Engine } from '../../src/engines/engine.ts';
import { readOotoDeleteReply } from '../../src/engines/ooto-reply.ts';
import { createEngine } from '../../src/engines/registry.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';
import { enrollWith } from '../conformance/engine-calls.ts';
import { startEngineServer } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';

const credentials = { appId: 'canary-id/47+11', appKey: 'canary-key/08=15&?' };

describe('over the wire', () => {
  let server: EngineServer;
  let engine: Engine;
  beforeAll(async () => {
    server = await startEngineServer({ credentials });
    engine = createEngine({
      name: 'ooto',
      url: server.url,
      environment: { OOTO_APP_ID: credentials.appId, OOTO_APP_KEY: credentials.appKey },
      timeoutInMs: 2_000,
      concurrency: 4,
    }).engine;
  });
  beforeEach(() => server.reset());
  afterAll(async () => {
    await engine.close();
    await server.close();
  });

  async function erase(templateId: string, signal = new AbortController().signal): Promise<DeleteReply> {
    if (!engine.deleteTemplate) throw new Error('OOTO can delete');
    return engine.deleteTemplate({ templateId, signal, onSent: () => {} });
  }

  test('a template is deleted once, and is gone from then on; others stay', async () => {
    await enrollWith(engine, { templateId: 'one' });
    await enrollWith(engine, { templateId: 'two "quoted" / ü' });
    expect(await erase('two "quoted" / ü')).toEqual({
      kind: 'deleted',
      httpStatus: 200,
      existed: true,
      transactionId: expect.any(String),
    });
    expect([...server.templates.keys()]).toEqual(['one']);
    expect(await erase('two "quoted" / ü')).toMatchObject({
      kind: 'deleted',
      httpStatus: 400,
      existed: false,
    });
    expect(server.calls.map(({ violations }) => violations)).toEqual([[], [], [], []]);
    const [id, key] = ['app-id', 'app-key'].map((name) => server.calls.at(-1)?.headers[name]);
    expect([id, key]).toEqual(Object.values(credentials));
  });

  test('whatever goes wrong is one call and one of the kinds, without a credential in it', async () => {
    await enrollWith(engine, { templateId: 'one' });
    const kinds: Record<string, DeleteReply['kind']> = {};
    for (const mode of [
      '503',
      'html-502',
      'no-json',
      'cut-json',
      'reset-after',
      '429',
      '401',
      '404',
      'echo',
    ]) {
      server.setMode(mode);
      const reply = await erase('one');
      kinds[mode] = reply.kind;
      for (const secret of Object.values(credentials)) expect(JSON.stringify(reply)).not.toContain(secret);
    }
    expect(kinds).toEqual({
      '503': 'unavailable',
      'html-502': 'unavailable',
      'no-json': 'unavailable',
      'cut-json': 'unavailable',
      'reset-after': 'unavailable',
      '429': 'throttled',
      '401': 'refused',
      '404': 'refused',
      echo: 'rejected',
    });
    expect(server.calls).toHaveLength(1 + Object.keys(kinds).length);
    server.setMode('silent');
    await expect(erase('one', AbortSignal.timeout(50))).rejects.toThrow();
  });

  test('the server refuses what the page does not have', async () => {
    const call = (body: string, type = 'application/json') =>
      fetch(`${server.url}/delete`, {
        method: 'POST',
        body,
        headers: { 'APP-ID': credentials.appId, 'APP-KEY': credentials.appKey, 'content-type': type },
      }).then(({ status }) => status);
    expect(await call('{"templateId":"a"}')).toBe(400);
    expect(await call('{"templateId":"a"}', 'text/plain')).toBe(422);
    expect(await call('{"templateId":"a","subject":"b"}')).toBe(422);
    expect(await call('{"subject":"b"}')).toBe(422);
    expect(await call('no json')).toBe(422);
  });
});

describe('bodies', () => {
  const read = (status: number, body: unknown) =>
    readOotoDeleteReply(
      { kind: 'response', status, headers: {}, text: JSON.stringify(body) },
      { templateId: 'anna' },
      {
        clean: createCleanText({ secrets: [] }),
        fix: { credentials: 'check OOTO_APP_KEY', url: 'check --engine-url' },
        keepDemographics: false,
        nowInMs: 0,
      },
    );
  const error = (code: unknown, info?: string) => ({ result: { status: 'error', code, info } });

  test('gone is gone, but only where the engine says so', () => {
    expect(read(200, { transactionId: 't' })).toMatchObject({ existed: true, transactionId: 't' });
    expect(read(400, error(400, 'Template not found'))).toMatchObject({ kind: 'deleted', existed: false });
    expect(read(400, error('400', 'template NOT FOUND'))).toMatchObject({ kind: 'deleted', existed: false });
    expect(read(400, error(400, 'templateId is not valid'))).toMatchObject({ kind: 'rejected', code: '400' });
    expect(read(400, error(400))).toMatchObject({ kind: 'rejected' });
    expect(read(400, error(400, 'Application not found'))).toMatchObject({ kind: 'rejected' });
    expect(read(400, error(7, 'Template not found'))).toMatchObject({ kind: 'rejected', code: '7' });
    expect(read(200, {})).toMatchObject({ kind: 'unavailable' });
    expect(read(200, { transactionId: 't', ...error(5, 'no') })).toMatchObject({ kind: 'rejected' });
    expect(read(404, { message: 'Not Found' })).toMatchObject({ kind: 'refused', certain: false });
  });

  test.each<[string, object, DeleteReply['kind']]>([
    ['nothing', {}, 'deleted'],
    ['the template itself', { templateId: 'anna' }, 'deleted'],
    ['another template', { templateId: 'bob' }, 'unavailable'],
    ['another in the other shape', { enroll: { templateId: 'bob' } }, 'unavailable'],
    ['who somebody is', { templateId: 'anna', similarity: 0.9 }, 'unavailable'],
    [
      'who somebody is, in the other shape',
      { search: { templateId: 'bob', similarity: 0.9 } },
      'unavailable',
    ],
  ])('a result of %s', (_, result, kind) => {
    expect(read(200, { transactionId: 't', result })).toMatchObject({ kind });
  });
});
