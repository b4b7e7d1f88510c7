import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import type { EngineOptions } from '../../src/engines/engine-entry.ts';
import {
  assertIdentifies,
  createEngine,
  engineNames,
  enginesWithCredentials,
  templateIdOf,
} from '../../src/engines/registry.ts';
import { UsageError } from '../../src/util/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-registry-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = { OOTO_APP_ID: 'canary-id', OOTO_APP_KEY: 'canary-key' };
const create = (options: Partial<EngineOptions> = {}) =>
  createEngine({ name: 'ooto', environment, timeoutInMs: 1000, concurrency: 2, ...options });

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error('nothing was thrown');
}

describe('createEngine', () => {
  test('ooto has its own address, and an account without the key', () => {
    const { engine, account } = create();
    expect(account).toEqual({
      engine: 'ooto',
      url: 'https://cloud.ooto-ai.com/api/v1.0',
      appId: 'canary-id',
    });
    expect(engine.accepts).toEqual({ formats: ['jpeg', 'png'] });
    expect(inspect(engine, { depth: 9, showHidden: true })).not.toContain('canary');
    expect(JSON.stringify(engine)).not.toContain('canary');
  });

  test('verihubs has its own address and credentials', () => {
    const own = { VERIHUBS_APP_ID: 'canary-id', VERIHUBS_API_KEY: 'canary-key' };
    const { engine, account } = create({ name: 'verihubs', environment: own });
    expect(account).toEqual({ engine: 'verihubs', url: 'https://api.verihubs.com', appId: 'canary-id' });
    expect(inspect(engine, { depth: 9, showHidden: true })).not.toContain('canary');
    expect(messageOf(() => create({ name: 'verihubs' }))).toContain('VERIHUBS_APP_ID_FILE');
  });

  test('an unknown engine lists the known ones', () => {
    for (const name of ['otoo', '__proto__', 'constructor', '']) {
      expect(messageOf(() => create({ name }))).toContain('known: ooto, verihubs, local');
    }
  });

  test('a missing credential names every way to set it', () => {
    const message = messageOf(() => create({ environment: { OOTO_APP_ID: 'id', OOTO_APP_KEY: ' ' } }));
    expect(message).toContain('OOTO_APP_KEY');
    expect(message).toContain('OOTO_APP_KEY_FILE');
  });

  test('a credential may stand in a file', () => {
    const path = join(folder, 'id');
    writeFileSync(path, 'id-from-file\n');
    const { account } = create({ environment: { OOTO_APP_ID_FILE: path, OOTO_APP_KEY: 'key' } });
    expect(account.appId).toBe('id-from-file');
  });

  test.each([
    ['both', { OOTO_APP_ID: 'canary', OOTO_APP_ID_FILE: '/x' }, 'OOTO_APP_ID or OOTO_APP_ID_FILE, not both'],
    ['a line break', { OOTO_APP_ID: 'canary\r\nX: y' }, 'OOTO_APP_ID contains'],
    ['a letter beyond ASCII', { OOTO_APP_ID: 'canary-ä' }, 'OOTO_APP_ID contains'],
    ['no such file', { OOTO_APP_ID_FILE: join(folder, 'none') }, 'OOTO_APP_ID_FILE: '],
  ])('%s is told without the value', (_, wrong, expected) => {
    const message = messageOf(() => create({ environment: { OOTO_APP_KEY: 'canary-key', ...wrong } }));
    expect(message).toContain(expected);
    expect(message).not.toContain('canary');
  });

  test('local needs no credentials, and an address or a folder of this machine', async () => {
    expect(messageOf(() => create({ name: 'local', environment: {} }))).toMatch(/--engine-url/);
    const builtIn = {
      folder: join(folder, 'local-engine'),
      allowPrivate: false,
      log: pino({ enabled: false }),
    };
    const found = create({ name: 'local', environment: {}, builtIn });
    expect(found.account).toEqual({ engine: 'local', url: 'built-in', appId: expect.any(String) });
    expect(create({ name: 'local', environment: {}, builtIn, url: 'built-in' }).account).toEqual(
      found.account,
    );
    expect(found.notice).toContain('not a biometric product');
    await found.engine.close();
    const { engine, account } = create({ name: 'local', environment: {}, url: 'http://127.0.0.1:9/x/' });
    expect(account).toMatchObject({ engine: 'local', url: 'http://127.0.0.1:9/x' });
    expect(engine.templateIdFor('a')).not.toBe(create().engine.templateIdFor('a'));
  });

  test.each([
    ['https://Engine.example:443/api//', 'https://engine.example/api'],
    ['https://engine.example', 'https://engine.example'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://[::1]:8080/a/', 'http://[::1]:8080/a'],
  ])('%s is %s', (url, expected) => expect(create({ url }).account.url).toBe(expected));

  test.each([
    'engine.example',
    'ftp://engine.example',
    'http://engine.example',
    'https://me:canary@engine.example',
    'https://canary@engine.example',
    'https://:canary@engine.example',
    'https://engine.example/?key=canary',
    'https://engine.example/#canary',
    'http://127.0.0.1.example',
    '',
  ])('the address "%s" is refused, and not repeated', (url) => {
    const message = messageOf(() => create({ url }));
    expect(message).toMatch(/^--engine-url \(ROLLCALL_ENGINE_URL\) /);
    expect(message).not.toContain('canary');
  });

  test('plain http to another machine can be allowed', () => {
    expect(create({ url: 'http://engine.example', allowHttp: true }).account.url).toBe(
      'http://engine.example',
    );
  });
});

describe('what the registry says of an engine is what the engine does', () => {
  const credentials = ['OOTO_APP_ID', 'OOTO_APP_KEY', 'VERIHUBS_APP_ID', 'VERIHUBS_API_KEY'];
  const allCredentials = Object.fromEntries(credentials.map((name) => [name, 'some']));
  const engines = engineNames.map(
    (name) => create({ name, environment: allCredentials, url: 'https://engine.example' }).engine,
  );

  test.each(engines.map((engine) => [engine.name, engine] as const))('%s: template ids', (name, engine) => {
    expect(engineNames).toContain(name);
    for (const subjectId of ['emp-1', 'Zoe\u0308'])
      expect(templateIdOf({ engine: name, subjectId })).toBe(engine.templateIdFor(subjectId));
  });

  test('who can identify', () => {
    const able = engines.filter((engine) => engine.identify).map(({ name }) => name);
    const [{ identify: _, ...unable } = { name: 'none' }] = engines;
    const message = messageOf(() => assertIdentifies(unable, '--dedupe'));
    expect(message).toContain(`(${able.join(', ')})`);
  });
});

test('enginesWithCredentials finds whose credentials are set', () => {
  expect(enginesWithCredentials({})).toEqual([]);
  expect(enginesWithCredentials({ OOTO_APP_KEY: '' })).toEqual([]);
  expect(enginesWithCredentials({ OOTO_APP_KEY_FILE: '/run/secrets/key' })).toEqual(['ooto']);
  expect(enginesWithCredentials({ VERIHUBS_API_KEY: 'key' })).toEqual(['verihubs']);
});
