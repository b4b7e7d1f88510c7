import type { CommandInstead } from '../conductor/conducting.ts';
import { type SettingKey, settingKeys, settingsSchema } from '../engines/settings.ts';
import type { RunSettings } from '../records/run-record.ts';
import { variableOf } from '../settings/check-environment.ts';
import { flagOf, isKept, type Setting } from '../settings/setting.ts';
import type { Source } from '../sources/source.ts';
import { redactAddress } from '../util/redact-address.ts';
import { shellWord } from '../util/shell-word.ts';
import type { Rollcall } from './open-rollcall.ts';
import { newRunSettings } from './run-settings.ts';

/**
 * The command that starts a run in place of one, to be copied and pasted: source and settings as they are, but for what
 * `changes` has. What the environment gives is left to it; an address with a password in it is never written.
 */
export function startCommand(
  { given, environment }: Pick<Rollcall, 'given' | 'environment'>,
  {
    source,
    engine,
    settings,
    changes = {},
    isNew = false,
  }: {
    source: string;
    engine: string | undefined;
    settings: RunSettings;
    changes?: Changes;
    /** Starts another run of a source that has an unfinished one. */
    isNew?: boolean;
  },
): string {
  const wanted: Readonly<Record<string, unknown>> = { ...settings, ...changes };
  const flags = settingKeys.flatMap((key) => {
    const setting: Setting = settingsSchema[key];
    if (!setting.commands.includes('run') || key === 'runId' || key === 'engine') return [];
    const text = isKept(setting) ? textOf(key, wanted[key]) : given[key];
    const isThere = text === undefined || text === setting.default || text === variableOf(key, environment);
    return isThere || redactAddress(text).secret ? [] : flagWith(key, text);
  });
  const named = engine === undefined ? [] : ['--engine', engine];
  const words = ['rollcall', 'run', source, ...named, ...flags, ...(isNew ? ['--new'] : [])];
  return words.map(shellWord).join(' ');
}

/** The same for a run that is not started yet: by the settings of this process. */
export function startingCommand(
  rollcall: Pick<Rollcall, 'settings' | 'given' | 'environment'>,
  { spec, source }: { spec: string; source: Pick<Source, 'sameSubject' | 'idsFromPaths'> },
) {
  const settings = newRunSettings(rollcall, source);
  const { engine } = rollcall.settings;
  return ({ source: other = spec, ...changes }: Changes & { source?: string }): string =>
    startCommand(rollcall, { source: other, engine, settings, changes });
}

type Changes = Parameters<CommandInstead>[1];

function flagWith(key: SettingKey, text: string): string[] {
  const { type, placeholder }: Setting = settingsSchema[key];
  if (placeholder !== undefined) return [flagOf(key), text];
  return type.read.parse(text) === true ? [flagOf(key)] : [];
}

/** As it would be written; undefined for a value that is the default. */
function textOf(key: SettingKey, value: unknown): string | undefined {
  const { type, default: usual }: Setting = settingsSchema[key];
  const isUsual = usual !== undefined && JSON.stringify(type.read.parse(usual)) === JSON.stringify(value);
  if (value === undefined || isUsual) return undefined;
  return type.write(value);
}
