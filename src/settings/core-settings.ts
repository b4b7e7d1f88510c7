import { checkSettings } from './schema/checks.ts';
import { engineSettings } from './schema/engine.ts';
import { failureSettings } from './schema/failures.ts';
import { outputSettings } from './schema/output.ts';
import { paceSettings } from './schema/pace.ts';
import { photoSettings } from './schema/photos.ts';
import { queueAndStateSettings } from './schema/queue-and-state.ts';
import { serveSettings } from './schema/serve.ts';
import { sourceSettings } from './schema/source.ts';
import type { RunSettingsOf, SettingsOf } from './setting.ts';

/**
 * The settings that rollcall has whatever engine it works with; engines/settings.ts joins what their adapters have of
 * their own.
 */
export const coreSettings = {
  ...sourceSettings,
  ...engineSettings,
  ...paceSettings,
  ...failureSettings,
  ...checkSettings,
  ...photoSettings,
  ...queueAndStateSettings,
  ...serveSettings,
  ...outputSettings,
};

export type CoreSettings = SettingsOf<typeof coreSettings>;

/** Those that `settings` of run.json has. */
export type CoreRunSettings = RunSettingsOf<typeof coreSettings>;
