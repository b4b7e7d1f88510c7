import { resolve } from 'node:path';
import { UsageError } from '../util/errors.ts';
import { readSecretFile } from '../util/read-secret-file.ts';
import { variableOf } from './check-environment.ts';
import { checkTogether } from './check-together.ts';
import { didYouMean } from './did-you-mean.ts';
import { readConfigFile } from './read-config-file.ts';
import {
  configFileName,
  environmentNameOf,
  fileVariableOf,
  namesOf,
  type Schema,
  type Setting,
} from './setting.ts';

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
  for (const [key, setting] of Object.entries(schema)) {
    const fromEnvironment = () =>
      setting.isSecret ? readSecret(key, { environment, folder }) : variableOf(key, environment);
    const given = flags[key] ?? fromEnvironment() ?? config[key];
    if (given !== undefined) texts[key] = String(given);
  }
  return texts;
}

/** From its variable, or from the file that its other variable names. @throws UsageError naming both, never a value */
function readSecret(key: string, { environment, folder }: Omit<SettingSources, 'flags'>): string | undefined {
  const direct = variableOf(key, environment);
  const file = environment[fileVariableOf(key)];
  if (!file) return direct;
  const wrong = (message: string) => new UsageError('bad-setting', message);
  if (direct !== undefined) throw wrong(`Set ${environmentNameOf(key)} or ${fileVariableOf(key)}, not both.`);
  const path = resolve(folder, file);
  const text = readSecretFile(fileVariableOf(key), path);
  if (text !== '' && !/\s/.test(text)) return text;
  throw wrong(`${fileVariableOf(key)}: ${path} ${text === '' ? 'is empty' : 'has more than one word'}.`);
}

/**
 * The same settings for another process, as its environment: of what stands in a file of secrets it is told the file. Others
 * of the same user can read an environment, and see the words of a command.
 */
export function asEnvironment(
  schema: Schema,
  { given, flags, environment }: Omit<SettingSources, 'folder'> & { readonly given: SettingTexts },
): Record<string, string> {
  const entries = Object.entries(given).flatMap(([key, text]): [string, string][] => {
    const own: [string, string] = [environmentNameOf(key), text];
    if (!schema[key]?.isSecret || !environment[fileVariableOf(key)]) return [own];
    return flags[key] === undefined ? [] : [own, [fileVariableOf(key), '']];
  });
  return Object.fromEntries(entries);
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
