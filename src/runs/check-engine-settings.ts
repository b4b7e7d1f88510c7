import type { Engine } from '../engines/engine.ts';
import { assertIdentifies } from '../engines/registry.ts';
import { type Settings, settingOfOtherEngine } from '../engines/settings.ts';
import { checkThreshold } from '../engines/similarity.ts';
import { checkBudget } from '../settings/check-together.ts';
import { namesOf } from '../settings/setting.ts';
import { archiveKindOf } from '../sources/archive/archive-address.ts';
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
  checkBudget(settings);
  checkChecks(engine, settings);
  checkOwnSettings(engine, settings);
  checkTransport(engine, settings, source);
  if (settings.undoable && !engine.verify)
    throw wrong(
      `${namesOf('undoable')}: the engine ${engine.name} has no call that says whether it holds a template; leave it out`,
    );
  const asksWho = settings.dedupe ? 'dedupe' : settings.verify ? 'verify' : undefined;
  if (!asksWho) return;
  assertIdentifies(engine, namesOf(asksWho));
  checkThreshold(engine, settings);
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

function checkOwnSettings(engine: Engine, settings: Settings): void {
  const strange = settingOfOtherEngine(engine.name, settings);
  if (strange) throw wrong(`${namesOf(strange.key)}: the engine ${engine.name} ${strange.why}`);
  engine.checkSettings?.(settings);
}

function checkTransport(
  engine: Engine,
  settings: Settings,
  { address, rootFolder }: Pick<Source, 'address' | 'rootFolder'>,
): void {
  const asking = engine.sendsAddressesBy?.(settings);
  if (asking === undefined) return;
  const key = namesOf(asking);
  const needsBytes = (['dedupe', 'undoable', 'verify', 'preflight', 'stripMetadata'] as const).find(
    (other) => settings[other],
  );
  if (needsBytes)
    throw wrong(`${namesOf(needsBytes)} needs the photo's bytes, which ${key} does not read; use bytes`);
  // A manifest may name addresses, whose rows are looked at one by one.
  const isArchive = archiveKindOf(address) !== undefined;
  if (isArchive || (isLocal(address) && rootFolder === address))
    throw wrong(
      `${key}: the photos of ${address} are ${isArchive ? 'in an archive file' : 'files'}, which no engine can fetch; use bytes`,
    );
}

const wrong = (message: string) => new UsageError('engine-settings', `${message}.`);
