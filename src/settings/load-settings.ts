import { resolve } from 'node:path';
import { UsageError } from '../util/errors.ts';
import { variableOf } from './check-environment.ts';
import { checkTogether } from './check-together.ts';
import { didYouMean } from './did-you-mean.ts';
import { readConfigFile } from './read-config-file.ts';
import { configFileName, namesOf, type Schema, type Setting } from './setting.ts';

export interface SettingSources {
  /** As given on the command line or by a script. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder in which `rollcall.config.json` is looked for. */
  readonly folder: string;
}

/** The settings that were given, wherever, as they would be written on the command line. */
export type SettingTexts = Readonly<Record<string, string>>;

/**
 * What was given: flag, else environment, else `rollcall.config.json`; values are not checked yet.
 * @throws UsageError for a key that is no setting
 */
export async function gatherTexts(
  schema: Schema,
  { flags, environment, folder }: SettingSources,
): Promise<SettingTexts> {
  const keys = Object.keys(schema);
  const unknown = Object.keys(flags).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new UsageError('unknown-setting', `"${unknown}" is no setting${didYouMean(unknown, keys) || '.'}`);
  const config = await readConfigFile(resolve(folder, configFileName), keys);
  const texts: Record<string, string> = {};
  for (const key of keys) {
    const given = flags[key] ?? variableOf(key, environment) ?? config[key];
    if (given !== undefined) texts[key] = String(given);
  }
  return texts;
}

/**
 * All settings, those not given with their defaults. The result is frozen and holds no secret.
 * @throws UsageError naming the setting in all its three names, and what was expected
 */
export function parseTexts(schema: Schema, texts: SettingTexts): Readonly<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(schema)) {
    const text = texts[key] ?? setting.default;
    if (text !== undefined) settings[key] = freeze(parseText(key, setting, text));
  }
  checkTogether(settings);
  return Object.freeze(settings);
}

/** Settings are at most lists and pairs: one level deep. */
const freeze = (value: unknown) => (typeof value === 'object' ? Object.freeze(value) : value);

function parseText(key: string, { type }: Setting, text: string): unknown {
  const result = type.read.safeParse(text);
  if (result.success) return result.data;
  const expected = result.error.issues[0]?.message ?? 'not understood';
  throw new UsageError('bad-setting', `${namesOf(key)} is "${text.slice(0, 100)}": ${expected}.`);
}
