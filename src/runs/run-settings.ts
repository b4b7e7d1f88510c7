import { type SettingKey, type Settings, settingKeys, settingsSchema } from '../engines/settings.ts';
import type { RunSettings } from '../records/run-record.ts';
import { checkBudget } from '../settings/check-together.ts';
import { keptSchemaOf } from '../settings/kept-settings.ts';
import { flagOf, isKept, namesOf, type Setting } from '../settings/setting.ts';
import { currentRules } from '../sources/list-rules.ts';
import { UsageError } from '../util/errors.ts';

/** Settings, and which of them were given: defaults are nothing that a run is compared with. */
export interface WantedSettings {
  readonly settings: { readonly [Key in SettingKey]?: Settings[Key] | undefined };
  readonly given: Readonly<Record<string, unknown>>;
}

type KeptSettings = RunSettings & Partial<Record<SettingKey, unknown>>;

/** What a new run is to be done with. */
export function newRunSettings(
  { settings, given }: WantedSettings,
  { sameSubject, idsFromPaths = false }: Pick<RunSettings, 'sameSubject' | 'idsFromPaths'>,
): RunSettings {
  checkBudget(settings);
  const kept = settingKeys.filter((key) => {
    const setting: Setting = settingsSchema[key];
    return isKept(setting) && settings[key] !== undefined && (setting.kept !== 'if-given' || key in given);
  });
  const own = { sameSubject, idsFromPaths, listRules: currentRules };
  return withImplied({ ...pick(settings, kept), ...own } as KeptSettings);
}

/** @throws UsageError for rules that would judge nothing */
export function checkCanary({ settings }: Pick<WantedSettings, 'settings'>): void {
  if (settings.canaryAccept === undefined || settings.canary !== undefined) return;
  throw new UsageError(
    'settings-contradict',
    `${namesOf('canaryAccept')} says by what a canary is accepted, and the run has none: give ${flagOf('canary')} too, such as ${flagOf('canary')} 200.`,
  );
}

/** A setting that was given to a run that has it otherwise. */
interface Change {
  readonly key: SettingKey;
  readonly own: unknown;
  readonly given: unknown;
}

/** What becomes of a run's settings when it is resumed: what may change is taken over, the rest is refused. */
export interface ResumedSettings {
  readonly settings: RunSettings;
  readonly takenOver: readonly Change[];
  readonly refused: readonly Change[];
}

const allKept = keptSchemaOf(settingsSchema);

export function resumeSettings(own: RunSettings, { settings, given }: WantedSettings): ResumedSettings {
  const before = allKept.parse(own) as KeptSettings;
  const givenKeys = settingKeys.filter((key) => key in given && isKept(settingsSchema[key]));
  const asGiven = withImplied({ ...before, ...pick(settings, givenKeys) });
  const changes = givenKeys
    .map((key): Change => ({ key, own: before[key], given: asGiven[key] }))
    .filter((change) => JSON.stringify(change.own) !== JSON.stringify(change.given));
  const takenOver = changes.filter(({ key }) => settingsSchema[key].scope === 'changeable');
  return {
    settings: { ...own, ...Object.fromEntries(takenOver.map(({ key, given }) => [key, given])) },
    takenOver,
    refused: changes.filter((change) => !takenOver.includes(change)),
  };
}

/** A required check that is not asked for could never be fine. */
function withImplied(settings: KeptSettings): KeptSettings {
  const { checkLiveness, checkDeepfake, require } = settings;
  return {
    ...settings,
    checkLiveness: checkLiveness || require.includes('liveness'),
    checkDeepfake: checkDeepfake || require.includes('deepfake'),
  };
}

const pick = (settings: WantedSettings['settings'], keys: readonly SettingKey[]) =>
  Object.fromEntries(keys.map((key) => [key, settings[key]]));

/** `--max-attempts 7 (was 5)`. */
export const describeTakenOver = ({ key, own, given }: Change) =>
  `${flagOf(key)} ${write(key, given)} (was ${write(key, own)})`;

/** `--repeat last (its own: first)`. */
export const describeRefused = ({ key, own, given }: Change) =>
  `${flagOf(key)} ${write(key, given)} (its own: ${write(key, own)})`;

function write(key: SettingKey, value: unknown): string {
  const { type }: Setting = settingsSchema[key];
  return value === undefined ? 'none' : type.write(value);
}
