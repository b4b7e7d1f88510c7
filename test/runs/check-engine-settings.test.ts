import { afterAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/engines/registry.ts';
import type { GivenSettings } from '../../src/engines/settings.ts';
import { checkEngineSettings } from '../../src/runs/check-engine-settings.ts';
import { UsageError } from '../../src/util/errors.ts';
import { settingsOf } from './run-settings.ts';

const engineOf = (name: string, url?: string) =>
  createEngine({
    name,
    ...(url !== undefined && { url }),
    environment: {
      OOTO_APP_ID: 'id',
      OOTO_APP_KEY: 'key',
      VERIHUBS_APP_ID: 'id',
      VERIHUBS_API_KEY: 'key',
    },
    timeoutInMs: 1000,
    concurrency: 1,
  }).engine;

const engines = {
  ooto: engineOf('ooto'),
  verihubs: engineOf('verihubs'),
  // Its adapter speaks OOTO's language.
  local: engineOf('local', 'http://127.0.0.1:1'),
};
afterAll(() => Promise.all(Object.values(engines).map((engine) => engine.close())));

const onS3 = { address: 's3://bucket/photos/' };

describe('settings that the engine does not know, or that contradict each other', () => {
  test.each<[keyof typeof engines, GivenSettings, string[]]>([
    ['verihubs', { checkDeepfake: true }, ['--check-deepfake', 'no deepfake check']],
    ['verihubs', { require: 'liveness,deepfake' }, ['--require', 'no deepfake check']],
    ['verihubs', { validateQuality: true, checkQuality: 'off' }, ['--validate-quality', '--check-quality']],
    [
      'verihubs',
      { validateAttribute: true, checkAttribute: '0' },
      ['--validate-attribute', '--check-attribute'],
    ],
    [
      'verihubs',
      { validateLiveness: true },
      ['--validate-liveness', '--check-liveness', 'ROLLCALL_CHECK_LIVENESS'],
    ],
    ['ooto', { validateNface: true }, ['--validate-nface', 'ooto does not know']],
    ['ooto', { checkQuality: 'off' }, ['--check-quality', 'ooto does not know']],
    ['verihubs', { photoTransport: 'url', stripMetadata: true }, ['--strip-metadata', '--photo-transport']],
    ['ooto', { photoTransport: 'url' }, ['--photo-transport', 'does not accept addresses']],
    ['ooto', { undoable: true }, ['--undoable', 'ooto has no call']],
    ['local', { undoable: true }, ['--undoable', 'local has no call']],
  ])('%s with %o', async (name, given, expected) => {
    const settings = await settingsOf(given);
    const check = () => checkEngineSettings(engines[name], settings, onS3);
    expect(check).toThrow(UsageError);
    for (const words of expected) expect(check).toThrow(words);
  });

  test('files cannot be fetched by an engine; a manifest may name addresses', async () => {
    const settings = await settingsOf({ photoTransport: 'url' });
    const files = { address: '/photos', rootFolder: '/photos' };
    expect(() => checkEngineSettings(engines.verihubs, settings, files)).toThrow('/photos are files');
    const manifest = { address: '/photos/people.csv', rootFolder: '/photos' };
    checkEngineSettings(engines.verihubs, settings, manifest);
  });
});

test.each<[keyof typeof engines, GivenSettings]>([
  ['ooto', {}],
  ['ooto', { checkLiveness: true, checkDeepfake: true, require: 'deepfake', checkQuality: 'on' }],
  [
    'verihubs',
    { validateQuality: true, validateAttribute: true, validateNface: true, photoTransport: 'url' },
  ],
  ['verihubs', { validateLiveness: true, checkLiveness: true }],
  ['verihubs', { validateLiveness: true, require: 'liveness' }],
  ['verihubs', { undoable: true }],
])('%s with %o is fine', async (name, given) => {
  checkEngineSettings(engines[name], await settingsOf(given), onS3);
});
