import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GivenSettings, openRollcall, UsageError } from '../../src/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

describe('openRollcall', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
  });
  afterAll(() => folder.remove());

  const open = async (settings: GivenSettings, environment: Record<string, string> = {}) => {
    const rollcall = await openRollcall({ settings, environment, folder: folder.path });
    await rollcall.close();
    return rollcall.settings;
  };

  it.each<[string, GivenSettings, Record<string, string>, string]>([
    [
      'an unknown engine',
      { engine: 'oto' },
      {},
      'unknown engine "oto"; known: ooto, verihubs, local; did you mean "ooto"?',
    ],
    [
      'the same in the environment',
      {},
      { ROLLCALL_ENGINE: 'acme' },
      'unknown engine "acme"; known: ooto, verihubs, local',
    ],
    ['a misspelled variable', {}, { ROLLCALL_ENGIN: 'ooto' }, 'did you mean ROLLCALL_ENGINE?'],
  ])('fails at once for %s', async (_, given, environment, expected) => {
    const error = await open(given, environment).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(expected);
  });

  it('calls one account, however its address is spelled, and another for another app id', async () => {
    const accountOf = async (engineUrl: string, appId = 'app-1') => {
      const environment = { OOTO_APP_ID: appId, OOTO_APP_KEY: 'key' };
      const settings = { engine: 'ooto', engineUrl } as const;
      const rollcall = await openRollcall({ settings, environment, folder: folder.path });
      const { account, calledAccount } = rollcall.engine();
      expect(await rollcall.calledAccountOf(account)).toBe(calledAccount);
      await rollcall.close();
      return calledAccount;
    };
    const usual = await accountOf('http://127.0.0.1:8080/api/v1.0');
    for (const spelled of [
      'http://localhost:8080//api/v1.0/',
      'http://[::1]:8080/API/V1.0',
      'http://127.1:8080/./api/v1.0',
    ])
      expect(await accountOf(spelled)).toBe(usual);
    expect(await accountOf('http://127.0.0.1:8080/api/v1.0', 'app-2')).not.toBe(usual);
    expect(await accountOf('http://127.0.0.1:8081/api/v1.0')).not.toBe(usual);
  });

  it('takes of each setting what it can be, and the compiler holds it', async () => {
    const settings = {
      rate: 20,
      concurrency: '4',
      timeout: '10s',
      backoff: '1s..2s',
      stopAfterFailures: 200,
      verify: '5%',
      include: ['a/**', 'b/**'],
      require: ['liveness'],
      checkLiveness: true,
      stripMetadata: 'on',
      repeat: 'last',
      state: join(folder.path, 'state'),
      limit: undefined,
    } satisfies GivenSettings;
    expect(await open(settings)).toMatchObject({
      rate: 20,
      concurrency: 4,
      timeout: 10_000,
      stopAfterFailures: { count: 200 },
      include: ['a/**', 'b/**'],
      require: ['liveness'],
      stripMetadata: true,
    });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    // @ts-expect-error a number is no switch
    ['rate: true', () => open({ rate: true }), /--rate .*expected a number/],
    // @ts-expect-error a list is no number
    ['concurrency: [1]', () => open({ concurrency: ['x'] }), /--concurrency .*expected a whole number/],
    // @ts-expect-error a switch is no number
    ['checkLiveness: 2', () => open({ checkLiveness: 2 }), /--check-liveness .*expected true or false/],
    // @ts-expect-error a duration has a unit
    ['timeout: 30', () => open({ timeout: 30 }), /--timeout .*expected a duration/],
    // @ts-expect-error one of the words that there are
    ['repeat: all', () => open({ repeat: 'all' }), /--repeat .*expected one of first, last, each/],
    // @ts-expect-error one of the checks that there are
    ['require: smile', () => open({ require: ['smile'] }), /--require .*expected liveness, deepfake or both/],
    // @ts-expect-error there is no such setting
    ['rtae: 5', () => open({ rtae: 5 }), /"rtae" is no setting; did you mean "rate"\?/],
  ])('does not compile with %s, and is refused where it is not compiled', async (_, opened, expected) => {
    await expect(opened()).rejects.toThrow(expected);
  });
});
