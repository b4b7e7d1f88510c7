import { type GivenSettings, loadSettings } from '../../src/settings/load-settings.ts';
import type { Settings } from '../../src/settings/schema.ts';

/** Settings as a command line would give them, with nothing else around. */
export const settingsOf = (flags: GivenSettings = {}): Promise<Settings> =>
  loadSettings({ flags, environment: {}, folder: '/' });
