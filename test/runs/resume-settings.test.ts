import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  gatherSettings,
  parseSettings,
  type SettingKey,
  settingKeys,
  settingsSchema,
} from '../../src/engines/settings.ts';
import { readRunRecord, writeRunRecord } from '../../src/records/run-record.ts';
import { createOrResumeRun, type RunSubject } from '../../src/runs/create-or-resume-run.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { environmentNameOf, flagOf, type Setting } from '../../src/settings/setting.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { UsageError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingSamples } from '../settings/setting-samples.ts';

type Given = Readonly<Partial<Record<SettingKey, string>>>;

/** Values of a setting as messages write them: as on the command line, switches as on and off, lists with commas. */
function written(key: SettingKey, text: string): string {
  const { type }: Setting = settingsSchema[key];
  return type.write(type.read.parse(text));
}

/** What becomes of a setting by what the schema says of it, so that a new one is tested, too. */
const becomes = (wanted: 'refused' | 'taken over' | 'of the process') =>
  settingKeys.filter((key) => {
    const { scope }: Setting = settingsSchema[key];
    return { fixed: 'refused', changeable: 'taken over', process: 'of the process' }[scope] === wanted;
  });

describe('a setting that is given again when a run is resumed', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(join(folder.path, 'state'));
  });
  afterEach(() => folder.remove());

  /** Engine and address are in the subject, as `subjectOf` makes it of the settings. */
  async function start(
    sources: { flags?: Given; environment?: Record<string, string> },
    { runId }: { runId?: string } = { runId: 'mine' },
  ) {
    const hasBudget = sources.flags?.budget ?? sources.environment?.[environmentNameOf('budget')];
    // Alone it is refused.
    const price = hasBudget === undefined ? {} : { price: settingSamples.price[0] };
    const flags = { ...price, ...(runId !== undefined && { runId }), ...sources.flags };
    const given = await gatherSettings({ environment: {}, ...sources, flags, folder: folder.path });
    const settings = parseSettings(given);
    const { engine = 'ooto', engineUrl = 'https://engine.example' } = settings;
    const subject: RunSubject = {
      source: { address: '/photos', sameSubject: 'collision' },
      engine,
      engineUrl,
      account: `${engine} at ${engineUrl}`,
    };
    return createOrResumeRun({ state, settings, given, subject, alwaysNew: false });
  }
  const read = async () => (await readRunRecord(state, 'mine'))?.settings as Record<string, unknown>;

  it('is refused, taken over or of the process: there is nothing else', () => {
    const all = [...becomes('refused'), ...becomes('taken over'), ...becomes('of the process')];
    expect(all.sort()).toEqual([...settingKeys].sort());
  });

  describe.each(['flags', 'environment'] as const)('by %s', (way) => {
    const give = (key: SettingKey, text: string) =>
      way === 'flags' ? { flags: { [key]: text } } : { environment: { [environmentNameOf(key)]: text } };

    it.each(becomes('refused'))('%s with another value is refused with both named', async (key) => {
      const [one, , two] = settingSamples[key];
      await start(give(key, one));
      const before = await state.read('runs/mine/run.json');
      const error = await start(give(key, two)).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      expect(error.exitCode).toBe(2);
      expect(error.message).toContain(`${flagOf(key)} ${written(key, two)} (its own: ${written(key, one)})`);
      expect(await state.read('runs/mine/run.json')).toEqual(before);
    });

    it.each(becomes('taken over'))('%s with another value is taken over and said', async (key) => {
      const [one, , two, twoValue] = settingSamples[key];
      await start(give(key, one));
      const { record, resumed, takenOver } = await start(give(key, two));
      expect(resumed).toBe(true);
      if (key === 'forgetList') {
        expect(takenOver).toEqual([`--forget-list ${two} (added to its own)`]);
        return;
      }
      expect(takenOver).toEqual([`${flagOf(key)} ${written(key, two)} (was ${written(key, one)})`]);
      expect(record.settings).toHaveProperty(key, twoValue);
      expect(await read()).toHaveProperty(key, twoValue);
    });
  });

  it.each(settingKeys)('%s with the same value changes nothing, and no value at all neither', async (key) => {
    const [one] = settingSamples[key];
    const runId = key === 'runId' ? one : 'mine';
    const { settings } = (await start({ flags: { [key]: one } }, { runId })).record;
    const before = await state.read(`runs/${runId}/run.json`);
    const again = await start({ flags: { [key]: one } }, { runId });
    expect(again.takenOver).toEqual(key === 'forgetList' ? [`--forget-list ${one} (added to its own)`] : []);
    const { engine, engineUrl } = settingSamples;
    // Without its engine the process would be another account's.
    const account = { engine: engine[0], engineUrl: engineUrl[0] };
    const silent = key === 'engine' || key === 'engineUrl' ? { [key]: account[key] } : {};
    expect(await start({ flags: silent }, { runId })).toMatchObject({
      resumed: true,
      takenOver: [],
      record: { settings },
    });
    expect(await state.read(`runs/${runId}/run.json`)).toEqual(before);
  });

  it.each(becomes('of the process'))(
    '%s takes effect in the process, and the run knows nothing of it',
    async (key) => {
      const [one, , two, twoValue] = settingSamples[key];
      const home = join(folder.path, 'home');
      await mkdir(home);
      const environment = { [environmentNameOf(key)]: two };
      const rollcall = await openRollcall({ environment, folder: home, settings: { logLevel: 'silent' } });
      const inProcess = key === 'logLevel' ? 'silent' : key === 'state' ? two : twoValue;
      expect(rollcall.settings[key]).toEqual(inProcess);
      await rollcall.close();
      if (key === 'runId') {
        expect((await start({ flags: { runId: one } })).record.id).toBe(one);
        expect(await start({ flags: { runId: two } })).toMatchObject({ resumed: false, record: { id: two } });
        return;
      }
      await start({ flags: { [key]: one } });
      expect(await start({ flags: { [key]: two } })).toMatchObject({ resumed: true, takenOver: [] });
      expect(await read()).not.toHaveProperty(key);
    },
  );

  it('is not missed where it follows from another: a required check was asked for', async () => {
    await start({ flags: { require: 'liveness' } });
    const again = await start({ flags: { checkLiveness: 'true', require: 'liveness' } });
    expect(again).toMatchObject({ resumed: true, takenOver: [] });
    await expect(start({ environment: { ROLLCALL_CHECK_LIVENESS: 'off' } })).resolves.toHaveProperty(
      'resumed',
      true,
    );
  });

  it('names all that is refused at once, and what is over is left as it is', async () => {
    const { record } = await start({});
    const wider = { keepDemographics: 'on', allowPrivate: 'on', allowOutside: 'on' };
    const error = await start({ flags: wider }).catch((thrown) => thrown);
    for (const flag of ['--keep-demographics', '--allow-private', '--allow-outside'])
      expect(error.message).toContain(`${flag} on (its own: off)`);
    await writeRunRecord(state, { ...record, state: 'finished' });
    const over = await start({ flags: { maxAttempts: '9' } });
    expect(over).toMatchObject({ takenOver: [], record: { settings: { maxAttempts: 5 } } });
  });

  it('a rate is kept only where it was given: else it is left to the processes', async () => {
    await start({});
    expect(await read()).not.toHaveProperty('rate');
    expect((await start({ flags: { rate: '20' } })).takenOver).toEqual(['--rate 20 (was none)']);
    expect(await read()).toHaveProperty('rate', 20);
  });
});
