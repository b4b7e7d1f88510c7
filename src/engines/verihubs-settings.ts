import { startingRuns } from '../settings/commands.ts';
import { type CoreRunSettings, coreSettings } from '../settings/core-settings.ts';
import { keptSchemaOf } from '../settings/kept-settings.ts';
import { inGroup, namesOf, type RunSettingsOf } from '../settings/setting.ts';
import { oneOf, onOff } from '../settings/value-types.ts';
import { UsageError } from '../util/errors.ts';

const checks = inGroup('checks', {
  checkQuality: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'true',
    placeholder: '<on|off>',
    description: 'verihubs: have image quality computed (is_quality)',
  },
  checkAttribute: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'true',
    placeholder: '<on|off>',
    description: 'verihubs: have sunglasses, mask, veil and hat detected (is_attribute)',
  },
  validateQuality: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'verihubs: refuse blurred, dark and grayscale photos; needs --check-quality',
  },
  validateAttribute: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'verihubs: refuse sunglasses and masks; needs --check-attribute',
  },
  validateLiveness: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'verihubs: refuse what is not live; needs --check-liveness; --require liveness sets both',
  },
  validateNface: {
    type: onOff,
    scope: 'fixed',
    commands: [...startingRuns, 'preflight'],
    default: 'false',
    description: 'verihubs: refuse photos with more than one face',
  },
});

const photos = inGroup('photos', {
  photoTransport: {
    type: oneOf(['bytes', 'url']),
    scope: 'fixed',
    commands: startingRuns,
    default: 'bytes',
    placeholder: '<how>',
    description:
      'verihubs: bytes, or url: the engine fetches https:// and s3:// photos itself, by their address or a signed one',
    elsewhere: 'does not accept addresses; use bytes',
  },
});

/** What Verihubs' enrollment can be asked for, besides what all engines have. */
export const verihubsSettings = { ...checks, ...photos };

type Own = RunSettingsOf<typeof verihubsSettings>;
type Needed = Own & Pick<CoreRunSettings, 'require' | 'checkLiveness'>;
const { require, checkLiveness } = coreSettings;
const schema = keptSchemaOf({ ...verihubsSettings, require, checkLiveness });
const read = (settings: object) => schema.parse(settings) as Needed;

/** Of a run's settings, those that Verihubs is asked for; absent ones have their defaults. */
export function verihubsSettingsOf(settings: object): Own {
  const { require: required, ...own } = read(settings);
  // A required liveness is validated by the engine as well: a photo that is not live need not be stored first to be
  // rejected here.
  return { ...own, validateLiveness: own.validateLiveness || required.includes('liveness') };
}

/** The page's rules: what is to be validated must be computed. */
const dependencies = [
  ['validateQuality', 'checkQuality'],
  ['validateAttribute', 'checkAttribute'],
  ['validateLiveness', 'checkLiveness'],
] as const;

/** @throws UsageError that names what contradicts what */
export function checkVerihubsSettings(settings: object): void {
  const given = read(settings);
  // A required check is asked for without being named.
  const values = { ...given, checkLiveness: given.checkLiveness || given.require.includes('liveness') };
  for (const [validation, check] of dependencies) {
    if (!values[validation] || values[check]) continue;
    throw new UsageError(
      'engine-settings',
      `${namesOf(validation)} needs ${namesOf(check)}: what is validated must be computed.`,
    );
  }
}
