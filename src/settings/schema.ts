import { z } from 'zod';
import { chaos } from './chaos.ts';
import {
  backoff,
  duration,
  failureThreshold,
  hostAndPort,
  list,
  oneOf,
  onOff,
  positiveNumber,
  sample,
  similarity,
  text,
  wholeNumber,
} from './values.ts';

/** A setting's three names follow from its key: `maxAttempts`, `--max-attempts`, `ROLLCALL_MAX_ATTEMPTS`. */
export interface Setting {
  readonly schema: z.ZodType<unknown, string>;
  /** As it would be written on the command line; absent: the setting has no value unless it is given. */
  readonly default?: string;
  /** What stands behind the flag in `--help`; a setting without it is a switch. */
  readonly placeholder?: string;
  readonly description: string;
}

const checkName = oneOf(['liveness', 'deepfake']);
const checkList = list.pipe(z.array(checkName, { error: 'expected liveness, deepfake or both' }));

/** The one schema of all settings: flag, else environment, else `rollcall.config.json`, else default. */
export const settingsSchema = {
  engine: { schema: text, placeholder: '<name>', description: 'engine that enrolls: ooto, verihubs, local' },
  engineUrl: {
    schema: text,
    placeholder: '<url>',
    description: "base address of the engine; default: the engine's own",
  },
  allowHttp: {
    schema: onOff,
    default: 'false',
    description:
      'allow an address of the engine, or of --on-failure, that is plain http and not on this machine',
  },
  queue: {
    schema: text,
    default: 'embedded',
    placeholder: '<address>',
    description: 'embedded, redis://, rediss://, redis+sentinel://, redis+cluster:// or postgres://',
  },
  state: {
    schema: text,
    default: './rollcall-data',
    placeholder: '<place>',
    description: 'where runs and reports are kept: a folder, or s3://bucket/prefix',
  },
  s3PathStyle: {
    schema: onOff,
    default: 'false',
    description: 'S3: the bucket in the path, not in the host name; most stores besides AWS need it',
  },
  rate: {
    schema: positiveNumber(10_000),
    default: '10',
    placeholder: '<calls>',
    description: 'calls a second per account, over all processes on the same queue',
  },
  concurrency: {
    schema: wholeNumber(1, 1000),
    default: '16',
    placeholder: '<calls>',
    description: 'calls in flight in this process',
  },
  maxAttempts: {
    schema: wholeNumber(1, 100),
    default: '5',
    placeholder: '<calls>',
    description: 'calls for one photo before it is set aside',
  },
  backoff: {
    schema: backoff,
    default: '1s..60s',
    placeholder: '<from..to>',
    description: 'wait before another attempt: first delay and ceiling',
  },
  timeout: {
    schema: duration,
    default: '30s',
    placeholder: '<duration>',
    description: 'time for one call, from connecting to the last byte',
  },
  giveUpAfter: {
    schema: duration,
    default: '1h',
    placeholder: '<duration>',
    description: 'how long an engine may be down before the run pauses',
  },
  stopAfterFailures: {
    schema: failureThreshold,
    default: '50%',
    placeholder: '<share|count>',
    description: 'pause at this share of the last 1,000 outcomes, or at this many dead letters',
  },
  grace: {
    schema: duration,
    default: '25s',
    placeholder: '<duration>',
    description: 'how long calls in flight may go on after SIGTERM or SIGINT',
  },
  sharedFiles: {
    schema: onOff,
    default: 'false',
    description: 'all workers see the files of the source under the same paths',
  },
  health: {
    schema: hostAndPort,
    placeholder: '<host:port>',
    description: 'where a worker answers GET /health and GET /metrics; default: nowhere',
  },
  port: {
    schema: wholeNumber(0, 65_535),
    default: '8787',
    placeholder: '<port>',
    description: 'where the local engine listens; 0: any that is free',
  },
  host: {
    schema: text,
    default: '127.0.0.1',
    placeholder: '<address>',
    description: 'address on which the local engine listens; others than loopback are open to other machines',
  },
  data: {
    schema: text,
    placeholder: '<folder>',
    description: "where the local engine keeps its templates; default: local-engine in the state's folder",
  },
  chaos: {
    schema: chaos,
    placeholder: '<shares>',
    description: 'let the local engine misbehave: 5xx=5%,429=2%,reset=1%,slow=2%,half=1%,seed=7',
  },
  limit: {
    schema: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    placeholder: '<photos>',
    description: 'list only the first photos of the source',
  },
  maxCalls: {
    schema: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    placeholder: '<calls>',
    description: 'a budget: the run pauses before it makes more calls than this',
  },
  include: {
    schema: list,
    default: '',
    placeholder: '<globs>',
    description: 'only paths that match one of these',
  },
  exclude: {
    schema: list,
    default: '',
    placeholder: '<globs>',
    description: 'leave out paths that match one of these',
  },
  idFrom: {
    schema: text,
    default: '{id}.{ext}',
    placeholder: '<pattern>',
    description: 'how a path gives the subject id: {id}, {photo}, {ext}',
  },
  repeat: {
    schema: oneOf(['first', 'last', 'each']),
    default: 'first',
    placeholder: '<which>',
    description: 'which photo of a subject is enrolled where several are listed: first, last, each',
  },
  redrive: {
    schema: oneOf(['unsettled', 'all']),
    default: 'unsettled',
    placeholder: '<which>',
    description:
      'which lines of a report are listed when it is the source: unsettled (rejected, failed, cancelled) or all',
  },
  incremental: {
    schema: onOff,
    default: 'false',
    description: 'enroll only what is new or changed since it was last enrolled into this account',
  },
  report: {
    schema: oneOf(['all', 'changed']),
    default: 'all',
    placeholder: '<which>',
    description:
      'which lines the report of an incremental run has: all, or changed (without unchanged photos)',
  },
  prepare: {
    schema: oneOf(['auto', 'never']),
    default: 'auto',
    placeholder: '<when>',
    description:
      'auto: photos are converted, rotated or made smaller where the engine needs it; never: bytes are sent as they are',
  },
  stripMetadata: {
    schema: onOff,
    default: 'false',
    description: 'take GPS and all other metadata out of photos that are sent otherwise as they are',
  },
  forgetList: {
    schema: text,
    placeholder: '<file>',
    description: 'never enroll the subjects of this file either: one id a line, .csv or .jsonl',
  },
  preflight: {
    schema: onOff,
    default: 'false',
    description: 'look at each photo with the local face models first; no call for one that would be refused',
  },
  checkLiveness: { schema: onOff, default: 'false', description: 'ask the engine for its liveness check' },
  checkDeepfake: { schema: onOff, default: 'false', description: 'ask the engine for its deepfake check' },
  checkQuality: {
    schema: onOff,
    default: 'true',
    placeholder: '<on|off>',
    description: 'verihubs: have image quality computed (is_quality)',
  },
  checkAttribute: {
    schema: onOff,
    default: 'true',
    placeholder: '<on|off>',
    description: 'verihubs: have sunglasses, mask, veil and hat detected (is_attribute)',
  },
  validateQuality: {
    schema: onOff,
    default: 'false',
    description: 'verihubs: refuse blurred, dark and grayscale photos; needs --check-quality',
  },
  validateAttribute: {
    schema: onOff,
    default: 'false',
    description: 'verihubs: refuse sunglasses and masks; needs --check-attribute',
  },
  validateLiveness: {
    schema: onOff,
    default: 'false',
    description: 'verihubs: refuse what is not live; needs --check-liveness; --require liveness sets both',
  },
  validateNface: {
    schema: onOff,
    default: 'false',
    description: 'verihubs: refuse photos with more than one face',
  },
  photoTransport: {
    schema: oneOf(['bytes', 'url']),
    default: 'bytes',
    placeholder: '<how>',
    description:
      'verihubs: bytes, or url: the engine fetches https:// and s3:// photos itself, by their address or a signed one',
  },
  require: {
    schema: checkList,
    default: '',
    placeholder: '<checks>',
    description: 'checks that must be fine for a photo to count as enrolled: liveness,deepfake',
  },
  dedupe: {
    schema: onOff,
    default: 'false',
    description:
      'identify each photo before it is enrolled; whoever is there under another template is a duplicate',
  },
  dedupeParallel: {
    schema: onOff,
    default: 'false',
    description: 'with --dedupe: several photos at once; twins that stand side by side may both be enrolled',
  },
  verify: {
    schema: sample,
    placeholder: '<which>',
    description: 'identify photos after they were enrolled: all, a share (5%) or a count (100)',
  },
  threshold: {
    schema: similarity,
    default: '0.75',
    placeholder: '<similarity>',
    description: 'from which similarity on an identification counts as a match, 0 to 1',
  },
  keepDemographics: {
    schema: onOff,
    default: 'false',
    description: 'keep age, gender and race in the report',
  },
  allowOutside: {
    schema: onOff,
    default: 'false',
    description: "allow a manifest's paths to leave its folder",
  },
  allowPrivate: {
    schema: onOff,
    default: 'false',
    description: 'allow https photos on loopback, private and link-local addresses',
  },
  allowEmpty: { schema: onOff, default: 'false', description: 'a source without photos is no error' },
  runId: {
    schema: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
        'expected letters, digits, dot, dash and underscore, 64 at most',
      ),
    placeholder: '<id>',
    description: 'name of the run; default: made from the time',
  },
  logLevel: {
    schema: oneOf(['silent', 'error', 'warn', 'info', 'debug']),
    default: 'warn',
    placeholder: '<level>',
    description: 'silent, error, warn, info or debug',
  },
  logFile: { schema: text, placeholder: '<file>', description: 'write logs there instead of stderr' },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settingsSchema;

/** Every setting with its value; those without a default are absent unless given. */
export type Settings = {
  readonly [Key in SettingKey]: (typeof settingsSchema)[Key] extends { default: string }
    ? z.output<(typeof settingsSchema)[Key]['schema']>
    : z.output<(typeof settingsSchema)[Key]['schema']> | undefined;
};

export const settingKeys = Object.keys(settingsSchema) as SettingKey[];

export const flagOf = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const environmentNameOf = (key: string) =>
  `ROLLCALL_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
