import {
  type GivenSettings,
  gatherSettings,
  parseSettings,
  type Settings,
} from '../../src/engines/settings.ts';
import type { SettingTexts } from '../../src/settings/load-settings.ts';

/** What a command line gives, as text, with nothing else around. */
export const textsOf = (flags: GivenSettings = {}): Promise<SettingTexts> =>
  gatherSettings({ flags, environment: {}, folder: '/' });

/** Settings as a command line would give them, with nothing else around. */
export const settingsOf = async (flags: GivenSettings = {}): Promise<Settings> =>
  parseSettings(await textsOf(flags));
