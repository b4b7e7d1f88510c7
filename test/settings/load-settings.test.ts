import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherSettings, parseSettings, type SettingKey, settingKeys } from '../../src/engines/settings.ts';
import { environmentNameOf, flagOf, namesOf } from '../../src/settings/setting.ts';
import { UsageError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

/** For each setting: two texts that are right and what they come to, and one that is wrong (undefined: all are right). */
const samples: Readonly<Record<SettingKey, readonly [string, unknown, string, unknown, string | undefined]>> =
  {
    engine: ['ooto', 'ooto', 'local', 'local', ' '],
    engineUrl: ['https://a.example', 'https://a.example', 'https://b.example', 'https://b.example', ' '],
    allowHttp: ['true', true, 'no', false, 'maybe'],
    queue: ['redis://one', 'redis://one', 'embedded', 'embedded', ' '],
    s3PathStyle: ['on', true, 'off', false, 'path'],
    state: ['./one', './one', '/two', '/two', ' '],
    rate: ['7', 7, '0.5', 0.5, '0'],
    concurrency: ['1', 1, '1000', 1000, '1.5'],
    maxAttempts: ['1', 1, '100', 100, '0'],
    backoff: [
      '1s..1s',
      { firstDelayInMs: 1000, ceilingInMs: 1000 },
      '10ms..2m',
      { firstDelayInMs: 10, ceilingInMs: 120_000 },
      '2s..1s',
    ],
    timeout: ['500ms', 500, '1.5s', 1500, '30'],
    forgetList: ['./left.txt', './left.txt', '/left.csv', '/left.csv', ' '],
    giveUpAfter: ['2h', 7_200_000, '1d', 86_400_000, 'never'],
    stopAfterFailures: ['12.5%', { share: 0.125 }, '200', { count: 200 }, '101%'],
    grace: ['25s', 25_000, '100ms', 100, '0s'],
    sharedFiles: ['on', true, 'off', false, 'some'],
    health: ['8080', { host: undefined, port: 8080 }, '[::1]:80', { host: '::1', port: 80 }, 'host'],
    port: ['0', 0, '8787', 8787, '70000'],
    host: ['0.0.0.0', '0.0.0.0', '::1', '::1', ' '],
    data: ['./one', './one', '/two', '/two', ' '],
    chaos: [
      '5xx=5%',
      { seed: 1, shares: { '5xx': 0.05 } },
      'reset=2.5%, half=50%,seed=7',
      { seed: 7, shares: { reset: 0.025, half: 0.5 } },
      '429=60%,slow=60%',
    ],
    limit: ['1', 1, '1000000', 1_000_000, '-1'],
    maxCalls: ['1', 1, '10', 10, 'ten'],
    include: ['a/**, *.jpg', ['a/**', '*.jpg'], '*.{jpg,png},b', ['*.{jpg,png}', 'b'], undefined],
    exclude: ['x', ['x'], 'x,,y', ['x', 'y'], undefined],
    idFrom: ['{id}/{photo}.{ext}', '{id}/{photo}.{ext}', '{id}', '{id}', ' '],
    repeat: ['last', 'last', 'each', 'each', 'any'],
    redrive: ['all', 'all', 'unsettled', 'unsettled', 'none'],
    incremental: ['yes', true, '0', false, 'ja'],
    report: ['changed', 'changed', 'all', 'all', 'none'],
    prepare: ['never', 'never', 'auto', 'auto', 'always'],
    stripMetadata: ['on', true, 'off', false, 'gps'],
    preflight: ['on', true, 'off', false, 'maybe'],
    checkLiveness: ['1', true, 'off', false, '2'],
    checkDeepfake: ['ON', true, 'FALSE', false, 'y'],
    checkQuality: ['off', false, 'on', true, 'maybe'],
    checkAttribute: ['0', false, '1', true, 'maybe'],
    validateQuality: ['yes', true, '0', false, 'ja'],
    validateAttribute: ['yes', true, '0', false, 'ja'],
    validateLiveness: ['yes', true, '0', false, 'ja'],
    validateNface: ['yes', true, '0', false, 'ja'],
    photoTransport: ['url', 'url', 'bytes', 'bytes', 'post'],
    require: ['liveness', ['liveness'], 'liveness, deepfake', ['liveness', 'deepfake'], 'mask'],
    dedupe: ['true', true, 'off', false, 'perhaps'],
    dedupeParallel: ['true', true, 'off', false, 'perhaps'],
    verify: ['all', { share: 1 }, '100', { count: 100 }, '5 photos'],
    threshold: ['0', 0, '0.8', 0.8, '75'],
    keepDemographics: ['yes', true, '0', false, 'ja'],
    allowOutside: ['yes', true, '0', false, 'ja'],
    allowPrivate: ['yes', true, '0', false, 'ja'],
    allowEmpty: ['yes', true, '0', false, 'ja'],
    runId: ['night-1', 'night-1', 'A.b_c', 'A.b_c', '../elsewhere'],
    logLevel: ['debug', 'debug', 'silent', 'silent', 'loud'],
    logFile: ['log', 'log', '/tmp/log', '/tmp/log', ' '],
  };

const environmentOf = (key: string, text: string) => ({ [environmentNameOf(key)]: text });

describe('settings', () => {
  let folder: TemporaryFolder;
  let count = 0;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
  });
  afterAll(() => folder.remove());

  async function withConfig(config: unknown): Promise<string> {
    count += 1;
    const path = join(folder.path, String(count));
    await mkdir(path);
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    await writeFile(join(path, 'rollcall.config.json'), text);
    return path;
  }

  const load = async (
    sources: { flags?: Record<string, unknown>; environment?: Record<string, string>; folder?: string } = {},
  ): Promise<Readonly<Record<string, unknown>>> =>
    parseSettings(await gatherSettings({ flags: {}, environment: {}, folder: folder.path, ...sources }));

  it.each(settingKeys)(
    '%s: flag stands above environment, environment above file, file above default',
    async (key) => {
      const [one, oneValue, two, twoValue] = samples[key];
      const defaultValue = (await load())[key];
      const config = await withConfig({ [key]: one });
      expect((await load({ folder: config }))[key]).toEqual(oneValue);
      expect((await load({ folder: config, environment: environmentOf(key, two) }))[key]).toEqual(twoValue);
      const all = { folder: config, environment: environmentOf(key, two), flags: { [key]: one } };
      expect((await load(all))[key]).toEqual(oneValue);
      expect((await load({ environment: environmentOf(key, '') }))[key]).toEqual(defaultValue);
    },
  );

  it.each(settingKeys.filter((key) => samples[key][4] !== undefined))(
    '%s: what is wrong is named in all three names, with what was expected',
    async (key) => {
      const wrong = samples[key][4] ?? '';
      for (const sources of [
        { flags: { [key]: wrong } },
        { environment: environmentOf(key, wrong) },
        { folder: await withConfig({ [key]: wrong }) },
      ]) {
        const error = await load(sources).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(UsageError);
        expect(error.exitCode).toBe(2);
        for (const name of [flagOf(key), environmentNameOf(key), `"${key}" in rollcall.config.json`])
          expect(error.message).toContain(name);
        expect(error.message).toMatch(/expected /);
      }
    },
  );

  it('refuses settings that contradict each other', async () => {
    const flags = { prepare: 'never', stripMetadata: true };
    await expect(load({ flags })).rejects.toThrow(
      /--prepare never .*--strip-metadata .*leave one of them out/,
    );
  });

  it('has the documented defaults', async () => {
    expect(await load()).toMatchObject({
      queue: 'embedded',
      state: './rollcall-data',
      rate: 10,
      concurrency: 16,
      maxAttempts: 5,
      backoff: { firstDelayInMs: 1000, ceilingInMs: 60_000 },
      timeout: 30_000,
      giveUpAfter: 3_600_000,
      stopAfterFailures: { share: 0.5 },
      idFrom: '{id}.{ext}',
      repeat: 'first',
      require: [],
    });
  });

  it('takes numbers, switches and lists of a config file or a script', async () => {
    const config = await withConfig({ rate: 3, allowEmpty: true, include: ['a', 'b'], limit: 5 });
    expect(await load({ folder: config })).toMatchObject({
      rate: 3,
      allowEmpty: true,
      include: ['a', 'b'],
      limit: 5,
    });
    expect(await load({ flags: { rate: 4, require: ['deepfake'] } })).toMatchObject({
      rate: 4,
      require: ['deepfake'],
    });
  });

  it('is frozen, lists and pairs too', async () => {
    const settings = await load({ flags: { include: 'a' } });
    expect(Object.isFrozen(settings)).toBe(true);
    for (const value of Object.values(settings)) expect(Object.isFrozen(value)).toBe(true);
  });

  it.each([
    ['an unknown key', { rates: 5 }, /rates/],
    ['a value of another kind', { rate: { calls: 5 } }, /rate/],
    ['null', { rate: null }, /rate/],
    ['a list', [1], /rollcall\.config\.json is not right/],
    ['no JSON', '{ rate: 5', /rollcall\.config\.json is not right/],
    ['nothing', '', /rollcall\.config\.json is not right/],
  ])('refuses a config file with %s, and names it', async (_, config, expected) => {
    const path = await withConfig(config);
    const error = await load({ folder: path }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(join(path, 'rollcall.config.json'));
    expect(error.message).toMatch(expected);
  });

  it('refuses a config file that cannot be read', async () => {
    const path = join(folder.path, 'as-folder');
    await mkdir(join(path, 'rollcall.config.json'), { recursive: true });
    await expect(load({ folder: path })).rejects.toThrow(/cannot be read/);
  });

  it('cuts a long value in its message short', async () => {
    const error = await load({ flags: { rate: 'x'.repeat(5000) } }).catch((thrown) => thrown);
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).toContain(namesOf('rate'));
  });
});
