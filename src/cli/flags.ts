import { type Command, Option } from 'commander';
import type { GivenSettings } from '../settings/load-settings.ts';
import {
  environmentNameOf,
  flagOf,
  type Setting,
  type SettingKey,
  settingsSchema,
} from '../settings/schema.ts';

/** Settings that every command which touches a run understands. */
export const commonSettings = [
  'state',
  'queue',
  's3PathStyle',
  'logLevel',
  'logFile',
] as const satisfies SettingKey[];

/** Whose account, and how fast. */
export const accountSettings = [
  'engine',
  'engineUrl',
  'allowHttp',
  'rate',
  'concurrency',
  'timeout',
  'giveUpAfter',
] as const satisfies SettingKey[];

/** How a process that works on runs leaves. */
export const workSettings = ['grace', 'sharedFiles'] as const satisfies SettingKey[];

/** What a run is about. */
export const runSettings = [
  'runId',
  'idFrom',
  'include',
  'exclude',
  'limit',
  'maxCalls',
  'repeat',
  'redrive',
  'incremental',
  'report',
  'forgetList',
  'maxAttempts',
  'backoff',
  'stopAfterFailures',
  'prepare',
  'stripMetadata',
  'preflight',
  'checkLiveness',
  'checkDeepfake',
  'checkQuality',
  'checkAttribute',
  'validateQuality',
  'validateAttribute',
  'validateLiveness',
  'validateNface',
  'photoTransport',
  'require',
  'dedupe',
  'dedupeParallel',
  'verify',
  'threshold',
  'keepDemographics',
  'allowOutside',
  'allowPrivate',
  'allowEmpty',
] as const satisfies SettingKey[];

/** Adds the flags of settings to a command; their values are checked later, in one place, for all three names. */
export function addSettings(command: Command, keys: readonly SettingKey[]): Command {
  for (const key of keys) {
    const setting: Setting = settingsSchema[key];
    const flag = setting.placeholder ? `${flagOf(key)} ${setting.placeholder}` : flagOf(key);
    const shown = setting.placeholder && setting.default ? ` (default: ${setting.default})` : '';
    const option = new Option(flag, `${setting.description}${shown} [${environmentNameOf(key)}]`);
    command.addOption(isList(key) ? option.argParser(collect) : option);
  }
  return command;
}

const isList = (key: SettingKey) => key === 'include' || key === 'exclude' || key === 'require';

const collect = (value: string, before: string | undefined) =>
  before === undefined ? value : `${before},${value}`;

/** The settings among a command's options. */
export function givenSettings(options: Record<string, unknown>): GivenSettings {
  return Object.fromEntries(
    Object.entries(options).filter(([key]) => key in settingsSchema),
  ) as GivenSettings;
}
