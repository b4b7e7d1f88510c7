import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../util/errors.ts';
import { checkTogether } from './check-together.ts';
import {
  environmentNameOf,
  flagOf,
  type SettingKey,
  type Settings,
  settingKeys,
  settingsSchema,
} from './schema.ts';

/** Settings as given on the command line or by a script; strings, numbers, switches and lists are understood. */
export type GivenSettings = Readonly<
  Partial<Record<SettingKey, string | number | boolean | readonly string[] | undefined>>
>;

export interface SettingSources {
  readonly flags: GivenSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder in which `rollcall.config.json` is looked for. */
  readonly folder: string;
}

const configFileName = 'rollcall.config.json';
const givenValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

/**
 * Validates all settings once: flag, else environment, else `rollcall.config.json`, else default. The result is
 * frozen and holds no secret.
 * @throws UsageError naming the setting in all its three names, and what was expected
 */
export async function loadSettings(sources: SettingSources): Promise<Settings> {
  return parseSettings(await gatherSettings(sources));
}

/** The settings that were given, wherever, as they would be written on the command line; unchecked. */
export type SettingTexts = Readonly<Partial<Record<SettingKey, string>>>;

export async function gatherSettings({ flags, environment, folder }: SettingSources): Promise<SettingTexts> {
  const config = await readConfigFile(resolve(folder, configFileName));
  const texts: Partial<Record<SettingKey, string>> = {};
  for (const key of settingKeys) {
    // A variable that is set to nothing is how compose files and CI leave it unset.
    const given = flags[key] ?? (environment[environmentNameOf(key)] || undefined) ?? config[key];
    if (given !== undefined) texts[key] = String(given);
  }
  return texts;
}

/** All settings, those not given with their defaults. @throws UsageError as `loadSettings` does */
export function parseSettings(texts: SettingTexts): Settings {
  const settings: Record<string, unknown> = {};
  for (const key of settingKeys) {
    const text = texts[key] ?? defaultOf(key);
    if (text !== undefined) settings[key] = freeze(parseSetting(key, text));
  }
  checkTogether(settings as Settings);
  return freeze(settings) as Settings;
}

/** Settings are at most lists and pairs: one level deep. */
const freeze = (value: unknown) => (typeof value === 'object' ? Object.freeze(value) : value);

function defaultOf(key: SettingKey): string | undefined {
  const setting = settingsSchema[key];
  return 'default' in setting ? setting.default : undefined;
}

function parseSetting(key: SettingKey, text: string): unknown {
  const result = settingsSchema[key].schema.safeParse(text);
  if (result.success) return result.data;
  const expected = result.error.issues[0]?.message ?? 'not understood';
  throw new UsageError('bad-setting', `${namesOf(key)} is "${text.slice(0, 100)}": ${expected}.`);
}

/** The three names of a setting, for messages. */
export function namesOf(key: SettingKey): string {
  return `${flagOf(key)} (${environmentNameOf(key)}, "${key}" in ${configFileName})`;
}

async function readConfigFile(path: string): Promise<Readonly<Record<string, z.infer<typeof givenValue>>>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UsageError('bad-config-file', `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return {};
  const schema = z.strictObject(Object.fromEntries(settingKeys.map((key) => [key, givenValue.optional()])));
  try {
    return schema.parse(JSON.parse(text)) as Record<string, z.infer<typeof givenValue>>;
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new UsageError('bad-config-file', `${path} is not right: ${detail}`, { cause: error });
  }
}
