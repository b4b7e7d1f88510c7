import type { Engine } from '../engines/engine.ts';
import { assertIdentifies } from '../engines/registry.ts';
import { namesOf } from '../settings/load-settings.ts';
import { type SettingKey, type Settings, settingsSchema } from '../settings/schema.ts';
import type { Source } from '../sources/source.ts';
import { UsageError } from '../util/errors.ts';
import { isLocal } from './files-on.ts';

/**
 * Looks, before the first call, whether the engine understands what the settings ask of it, and whether they go
 * together.
 * @throws UsageError that names the settings
 */
export function checkEngineSettings(
  engine: Engine,
  settings: Settings,
  source: Pick<Source, 'address' | 'rootFolder'>,
): void {
  checkChecks(engine, settings);
  checkFlags(engine, settings);
  checkTransport(engine, settings, source);
  const asksWho = settings.dedupe ? 'dedupe' : settings.verify ? 'verify' : undefined;
  if (asksWho) assertIdentifies(engine, namesOf(asksWho));
}

function checkChecks({ name, checks }: Engine, { checkLiveness, checkDeepfake, require }: Settings): void {
  const wanted = { liveness: checkLiveness, deepfake: checkDeepfake };
  for (const check of ['liveness', 'deepfake'] as const) {
    if (checks.includes(check)) continue;
    const key = check === 'liveness' ? 'checkLiveness' : 'checkDeepfake';
    const given = require.includes(check) ? 'require' : wanted[check] ? key : undefined;
    if (given) throw wrong(`${namesOf(given)}: the engine ${name} has no ${check} check; leave it out`);
  }
}

const flagKeys = [
  ...(['checkQuality', 'checkAttribute'] as const),
  ...(['validateQuality', 'validateAttribute', 'validateLiveness', 'validateNface'] as const),
];

/** The page's rules: what is to be validated must be computed. */
const dependencies = [
  ['validateQuality', 'checkQuality'],
  ['validateAttribute', 'checkAttribute'],
  ['validateLiveness', 'checkLiveness'],
] as const;

function checkFlags({ name, takesFlags }: Engine, settings: Settings): void {
  if (!takesFlags) {
    const unknown = flagKeys.find((key) => String(settings[key]) !== settingsSchema[key].default);
    if (unknown) throw wrong(`${namesOf(unknown)}: the engine ${name} does not know it; leave it out`);
    return;
  }
  for (const [validation, check] of dependencies) {
    // A required check is asked for without being named.
    const isAsked = settings[check] || (check === 'checkLiveness' && settings.require.includes('liveness'));
    if (settings[validation] && !isAsked) throw needs(validation, check);
  }
}

function checkTransport(
  { name, enrollAddress }: Engine,
  settings: Settings,
  { address, rootFolder }: Pick<Source, 'address' | 'rootFolder'>,
): void {
  if (settings.photoTransport !== 'url') return;
  const key = namesOf('photoTransport');
  const needsBytes = (['dedupe', 'verify', 'preflight', 'stripMetadata'] as const).find(
    (other) => settings[other],
  );
  if (needsBytes)
    throw wrong(
      `${namesOf(needsBytes)} needs the photo's bytes, and ${key} leaves them where they are; use bytes`,
    );
  if (!enrollAddress) throw wrong(`${key}: the engine ${name} takes no addresses; use bytes`);
  // A manifest may name addresses, whose rows are looked at one by one.
  if (isLocal(address) && rootFolder === address)
    throw wrong(`${key}: the photos of ${address} are files, which no engine can fetch; use bytes`);
}

const needs = (key: SettingKey, other: SettingKey) =>
  wrong(`${namesOf(key)} needs ${namesOf(other)}: what is validated must be computed`);

const wrong = (message: string) => new UsageError('engine-settings', `${message}.`);
