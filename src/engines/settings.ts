import { coreSettings } from '../settings/core-settings.ts';
import {
  gatherTexts,
  parseTexts,
  type SettingSources,
  type SettingTexts,
} from '../settings/load-settings.ts';
import type { GivenSettingsOf, Schema, SettingsOf } from '../settings/setting.ts';
import { localSettings } from './local/local-settings.ts';
import { verihubsSettings } from './verihubs-settings.ts';

/** The settings that adapters have of their own, by the engine's name. Light: every command loads it. */
const ownSettings = { verihubs: verihubsSettings, local: localSettings } as const satisfies Record<
  string,
  Schema
>;

/** All settings there are: flag, else environment, else `rollcall.config.json`, else default. */
export const settingsSchema = { ...coreSettings, ...ownSettings.verihubs, ...ownSettings.local };

export type SettingKey = keyof typeof settingsSchema;
export const settingKeys = Object.keys(settingsSchema) as SettingKey[];

/** Every setting with its value; those without a default are absent unless given. */
export type Settings = SettingsOf<typeof settingsSchema>;

/** Settings as a script gives them: numbers, switches and lists as such, the rest as on the command line. */
export type GivenSettings = GivenSettingsOf<typeof settingsSchema>;

/** What was given, wherever, as it would be written on the command line. @throws UsageError for an unknown key */
export const gatherSettings = (sources: SettingSources): Promise<SettingTexts> =>
  gatherTexts(settingsSchema, sources);

/** All settings, those not given with their defaults, frozen. @throws UsageError naming the setting and what is expected */
export const parseSettings = (texts: SettingTexts): Settings => parseTexts(settingsSchema, texts) as Settings;

/** A setting of a run that another engine's adapter has of its own, and that was given; with what is said of it. */
export function settingOfOtherEngine(
  engine: string,
  settings: Settings,
): { key: SettingKey; why: string } | undefined {
  for (const [owner, own] of Object.entries<Schema>(ownSettings)) {
    if (owner === engine) continue;
    for (const [key, setting] of Object.entries(own)) {
      const value = settings[key as SettingKey];
      if (setting.scope === 'process' || String(value) === setting.default) continue;
      return { key: key as SettingKey, why: setting.elsewhere ?? 'does not know it; leave it out' };
    }
  }
  return undefined;
}
