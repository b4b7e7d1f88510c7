import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherSettings, parseSettings, settingKeys, settingsSchema } from '../../src/engines/settings.ts';
import { strangeVariables } from '../../src/settings/check-environment.ts';
import { asEnvironment } from '../../src/settings/load-settings.ts';
import { environmentNameOf, flagOf, namesOf } from '../../src/settings/setting.ts';
import { UsageError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingSamples as samples } from './setting-samples.ts';

const environmentOf = (key: string, text: string) => ({ [environmentNameOf(key)]: text });

interface Unknown {
  readonly config?: object;
  readonly flags?: Record<string, unknown>;
}

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

  it.each([
    ...['gs://bucket/state', 's3:/bucket/state', 'https://minio.example/state', 'file:///data', 'C:\\data'],
    ...['~/data', '~', '$HOME/data', `\${HOME}/data`, '/data/$(hostname)', '%HOME%/data', './data\r', ' '],
  ])('%j is no place for the state', async (state) => {
    await expect(load({ flags: { state } })).rejects.toThrow(/--state .*: expected a folder, written out/s);
  });

  it.each(['data', './~data', '/data/a b', '/data/ä', 'S3://bucket/state', '/data/x:y', '/data/a$b'])(
    '%j is a place for the state',
    async (state) => expect((await load({ flags: { state } })).state).toBe(state),
  );

  it.each(settingKeys)('%s: blanks and line ends around its variable are not part of it', async (key) => {
    const [one, oneValue] = samples[key];
    for (const text of [`${one}\r`, ` ${one}\t`, `${one}\r\n`])
      expect((await load({ environment: environmentOf(key, text) }))[key]).toEqual(oneValue);
  });

  it.each(settingKeys)('%s: a variable that has quotes around its value is refused', async (key) => {
    const [one] = samples[key];
    for (const text of [`"${one}"`, `'${one}'`, `"${one}"\r`]) {
      const error = await load({ environment: environmentOf(key, text) }).catch((thrown) => thrown);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('has quotes around') });
      expect(error.message).toContain(environmentNameOf(key));
    }
  });

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

  it('takes a config file as editors of Windows save it', async () => {
    expect(await load({ folder: await withConfig('\ufeff{"rate": 3}\r\n') })).toMatchObject({ rate: 3 });
  });

  it.each([
    ['an unknown key', { rates: 5 }, /rates/],
    ['a value of another kind', { rate: { calls: 5 } }, /rate/],
    ['null', { rate: null }, /rate/],
    ['a list', [1], /rollcall\.config\.json is not right/],
    ['no JSON', '{ rate: 5', /rollcall\.config\.json is not right/],
    ['a key twice', '{ "rate": 5, "r\\u0061te": 50 }', /"rate" comes twice/],
    ['a key that objects have', '{ "__proto__": { "rate": 5 } }', /"__proto__" is no setting/],
    ['nothing', '', /rollcall\.config\.json is not right/],
  ])('refuses a config file with %s, and names it', async (_, config, expected) => {
    const path = await withConfig(config);
    const error = await load({ folder: path }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(join(path, 'rollcall.config.json'));
    expect(error.message).toMatch(expected);
  });

  it.each<[string, Unknown, string]>([
    ['a config file', { config: { rtae: 5 } }, '"rtae" is no setting; did you mean "rate"?'],
    ['its flag form', { config: { 'max-attempts': 5 } }, 'did you mean "maxAttempts"?'],
    ['a script', { flags: { maxAttemps: 5 } }, '"maxAttemps" is no setting; did you mean "maxAttempts"?'],
    ['a script, like nothing', { flags: { colour: 'red' } }, '"colour" is no setting.'],
  ])('a key that is no setting: %s', async (_, { config, flags = {} }, expected) => {
    const sources = config ? { folder: await withConfig(config) } : { flags };
    const error = await load(sources).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(expected);
  });

  it('refuses a config file that cannot be read', async () => {
    const path = join(folder.path, 'as-folder');
    await mkdir(join(path, 'rollcall.config.json'), { recursive: true });
    await expect(load({ folder: path })).rejects.toThrow(/is a folder: it has to be a file, or not there/);
  });

  it('cuts a long value in its message short', async () => {
    const error = await load({ flags: { rate: 'x'.repeat(5000) } }).catch((thrown) => thrown);
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).toContain(namesOf('rate'));
  });
});

describe('a setting that may hold a password', () => {
  let folder: TemporaryFolder;
  const address = 'redis://user:s3cret@redis:6379';
  const gather = (environment: Record<string, string>, flags = {}) =>
    gatherSettings({ flags, environment, folder: folder.path });
  const childOf = async (environment: Record<string, string>, flags = {}) =>
    asEnvironment(settingsSchema, { given: await gather(environment, flags), flags, environment });

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await writeFile(join(folder.path, 'queue'), `${address}\r\n`);
    await writeFile(join(folder.path, 'empty'), '\n');
    await writeFile(join(folder.path, 'two'), `${address}\n${address}\n`);
    await writeFile(join(folder.path, 'rollcall.config.json'), '{"queue":"redis://config"}');
  });
  afterAll(() => folder.remove());

  it.each<[string, Record<string, string>, object, string]>([
    ['a file', { ROLLCALL_QUEUE_FILE: 'queue' }, {}, address],
    ['a file that is named as nothing', { ROLLCALL_QUEUE_FILE: '' }, {}, 'redis://config'],
    ['a file beside an empty variable', { ROLLCALL_QUEUE_FILE: 'queue', ROLLCALL_QUEUE: '' }, {}, address],
    ['a flag above it', { ROLLCALL_QUEUE_FILE: 'nowhere' }, { queue: 'embedded' }, 'embedded'],
  ])('comes from %s', async (_, environment, flags, expected) => {
    expect(await gather(environment, flags)).toEqual({ queue: expected });
    expect(strangeVariables(settingsSchema, environment)).toEqual([]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['both are given', { ROLLCALL_QUEUE_FILE: 'queue', ROLLCALL_QUEUE: 'embedded' }, /not both/],
    ['the file is not there', { ROLLCALL_QUEUE_FILE: 'nowhere' }, /nowhere is not there: check the path/],
    ['the file is empty', { ROLLCALL_QUEUE_FILE: 'empty' }, /empty is empty/],
    ['the file has several', { ROLLCALL_QUEUE_FILE: 'two' }, /more than one/],
  ])('is refused where %s', async (_, environment, expected) => {
    const error = await gather(environment).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(expected);
    expect(error.message).toContain('ROLLCALL_QUEUE_FILE');
    expect(error.message).not.toContain('s3cret');
  });

  it('goes to further processes as it came: by its file, or by its variable', async () => {
    const file = { ROLLCALL_QUEUE_FILE: 'queue' };
    expect(await childOf(file, { rate: '5' })).toEqual({ ROLLCALL_RATE: '5' });
    expect(await childOf({ ROLLCALL_QUEUE: address })).toEqual({ ROLLCALL_QUEUE: address });
    const child = await childOf(file, { queue: 'embedded' });
    expect(await gather({ ...file, ...child })).toEqual({ queue: 'embedded' });
  });
});

describe('variables of the environment that are no settings', () => {
  const strange = (environment: Record<string, string>) => strangeVariables(settingsSchema, environment);

  it.each([
    ['ROLLCALL_RAET', 'ROLLCALL_RATE'],
    ['ROLLCALL_RATES', 'ROLLCALL_RATE'],
    ['ROLLCALL_MAXATTEMPTS', 'ROLLCALL_MAX_ATTEMPTS'],
    ['ROLLCALL_MAX_ATTEMPS', 'ROLLCALL_MAX_ATTEMPTS'],
    ['ROLLCALL_STOP_AFTER_FAILURE', 'ROLLCALL_STOP_AFTER_FAILURES'],
    ['ROLLCALL_ON_FAILURES', 'ROLLCALL_ON_FAILURE'],
    ['ROLLCALL_KEEP_DEMOGRAFICS', 'ROLLCALL_KEEP_DEMOGRAPHICS'],
  ])('%s is taken for a misspelled %s', (name, meant) => {
    const check = () => strange({ [name]: '1' });
    expect(check).toThrow(UsageError);
    expect(check).toThrow(`${name} is no setting; did you mean ${meant}?`);
  });

  it('are passed over where Kubernetes sets them for a service that is named rollcall', async () => {
    const environment = {
      ROLLCALL_SERVICE_HOST: '10.0.0.1',
      ROLLCALL_SERVICE_PORT: '8787',
      ROLLCALL_SERVICE_PORT_HTTP: '8787',
      ROLLCALL_PORT: 'tcp://10.0.0.1:8787',
      ROLLCALL_PORT_8787_TCP: 'tcp://10.0.0.1:8787',
      ROLLCALL_PORT_8787_TCP_PROTO: 'tcp',
      ROLLCALL_PORT_8787_TCP_PORT: '8787',
      ROLLCALL_PORT_8787_TCP_ADDR: '10.0.0.1',
      ROLLCALL_ENGINE_PORT: 'tcp://10.0.0.2:80',
      ROLLCALL_ENGINE_SERVICE_HOST: '10.0.0.2',
    };
    expect(strange(environment)).toEqual([]);
    expect(await gatherSettings({ flags: {}, environment, folder: '/' })).toEqual({});
  });

  it('are named, and break nothing, where they resemble none', () => {
    const ofOthers = { ROLLCALL_HOME: '/opt/rollcall', ROLLCALL_IMAGE_TAG: '1.2', ROLLCALL_TEST_X: '1' };
    const known = { ROLLCALL_RATES: '', ROLLCALL_COMMAND: 'rollcall', PATH: '/bin' };
    expect(strange({ ...ofOthers, ...known })).toEqual(['ROLLCALL_HOME', 'ROLLCALL_IMAGE_TAG']);
  });
});
