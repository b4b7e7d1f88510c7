import { join, resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { createRateLimiter } from '../account/create-rate-limiter.ts';
import type { RateLimiter } from '../account/rate-limiter.ts';
import type { Engine } from '../engines/engine.ts';
import type { BuiltInPlace } from '../engines/engine-entry.ts';
import type { FaceReader } from '../engines/local/faces/face-reader.ts';
import { assertEngineName, createEngine, enginesWithCredentials } from '../engines/registry.ts';
import {
  type GivenSettings,
  gatherSettings,
  parseSettings,
  type Settings,
  settingKeys,
} from '../engines/settings.ts';
import { isOnThisMachine } from '../queue/is-on-this-machine.ts';
import type { QueueBackend } from '../queue/queue.ts';
import { accountIdOf } from '../settings/account.ts';
import { strangeVariables } from '../settings/check-environment.ts';
import type { SettingTexts } from '../settings/load-settings.ts';
import { isS3Address } from '../storage/s3/s3-address.ts';
import { openS3Connection, type S3Connection } from '../storage/s3/s3-connection.ts';
import { openState } from '../storage/state/open-state.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { UsageError } from '../util/errors.ts';
import { processName } from '../util/process-name.ts';
import { openRegistration, type Registration } from './registration.ts';

export interface OpenRollcallOptions {
  /** Settings that stand above environment and config file. */
  readonly settings?: GivenSettings;
  /** Where `ROLLCALL_…` settings, the engines' credentials and `AWS_…` are looked up. Default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where `rollcall.config.json` is looked for and relative paths begin. Default: the working directory. */
  readonly folder?: string;
  /** Default: pino to stderr (or `logFile`) at `logLevel`. */
  readonly log?: Logger;
}

/**
 * What commands and scripts work with: the settings, and what is opened on first use and closed in reverse. Nothing
 * is opened that a command does not need: `status` starts no queue.
 */
export interface Rollcall {
  readonly settings: Settings;
  /** Those of the settings that were given, as they were written. */
  readonly given: SettingTexts;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly state: StateStore;
  readonly log: Logger;
  /** The one client for S3; the SDK is loaded when it is first used. */
  readonly s3: S3Connection;
  queue(): Promise<QueueBackend>;
  /** The engine of the settings. @throws UsageError for a wrong name, address or missing credentials */
  engine(): OpenEngine;
  /** The engine of a run, with this process's credentials; undefined if they are another account's. */
  engineOf(run: {
    engine: string;
    engineUrl: string;
    account: string;
    keepDemographics: boolean;
  }): OpenEngine | undefined;
  limiter(account: string): Promise<RateLimiter>;
  /**
   * The local face models, for looking at photos before their calls.
   * @throws UsageError that says what to install where their packages are missing
   */
  faceReader(): Promise<FaceReader>;
  /** From the first call on, all others on the queue are told that this process is there to work. */
  registration(): Promise<Registration>;
  close(): Promise<void>;
}

export interface OpenEngine {
  readonly engine: Engine;
  readonly url: string;
  readonly account: string;
  /** Resolves when it can be called: the built-in one is found, or started. @throws RollcallError saying what to fix */
  ready(): Promise<void>;
  /** What people are told before they enroll into it. */
  readonly notice?: string;
}

/** @throws UsageError for settings that are not right, or that there are not; before anything is opened */
export async function openRollcall(options: OpenRollcallOptions = {}): Promise<Rollcall> {
  const { environment = process.env, folder = process.cwd() } = options;
  const strange = strangeVariables(settingKeys, environment);
  const given = await gatherSettings({ flags: options.settings ?? {}, environment, folder });
  const parsed = parseSettings(given);
  if (parsed.engine !== undefined) assertEngineName(parsed.engine);
  const isOnS3 = isS3Address(parsed.state);
  const settings: Settings = Object.freeze({
    ...parsed,
    state: isOnS3 ? parsed.state : resolve(folder, parsed.state),
  });
  const log = options.log ?? createLog(settings);
  if (strange.length > 0) log.warn({ variables: strange }, 'these variables are no settings and are ignored');
  const s3 = openS3Connection({ pathStyle: settings.s3PathStyle, environment });
  const state = openState({ state: settings.state, s3, environment });
  const releases: (() => Promise<void>)[] = [() => s3.close()];
  const limiters = new Map<string, Promise<RateLimiter>>();
  const engines = new Map<string, OpenEngine>();
  /** Calls in flight at an account whose engine says how many are of use to it. */
  const mostCalls = new Map<string, number>();
  let queue: Promise<QueueBackend> | undefined;
  let faceReader: Promise<FaceReader> | undefined;
  let registration: Promise<Registration> | undefined;
  let closing: Promise<void> | undefined;

  const openBackend = async () => {
    // BullMQ and its clients are half of what a command loads; one that only reads the state does without.
    const { openQueue } = await import('../queue/open-queue.ts');
    const backend = await openQueue({
      queue: settings.queue,
      ...(!isOnS3 && { stateFolder: settings.state }),
      onError: (error) => log.warn({ reason: error.message }, 'the queue reported a fault'),
    });
    releases.push(() => backend.close());
    return backend;
  };
  const openOnce = () => {
    queue ??= openBackend();
    return queue;
  };
  const openPresence = async () => {
    const { presence } = await openOnce();
    const onError = (error: Error) =>
      log.debug({ reason: error.message }, 'this process could not be registered in the queue');
    const opened = openRegistration({ presence, state, timeoutInMs: settings.timeout, onError });
    releases.push(() => opened.close());
    return opened;
  };
  const openFaceReader = async () => {
    // Its decoder and its pool are nothing that other commands should load.
    const { createFaceReader } = await import('../engines/local/faces/create-face-reader.ts');
    const reader = await createFaceReader();
    releases.push(() => reader.close());
    return reader;
  };
  const openRateLimiter = async (account: string) => {
    const backend = await openOnce();
    const limiter = createRateLimiter({
      store: backend.accounts,
      account,
      ratePerSecond: settings.rate,
      isCeiling: given.rate !== undefined,
      concurrency: Math.min(settings.concurrency, mostCalls.get(account) ?? Number.POSITIVE_INFINITY),
      processName: processName(),
      giveUpAfterInMs: settings.giveUpAfter,
      log,
    });
    releases.push(() => limiter.close());
    return limiter;
  };
  const openEngine = (name: string, url: string | undefined, keepDemographics: boolean): OpenEngine => {
    const key = JSON.stringify([name, url, keepDemographics]);
    const known = engines.get(key);
    if (known) return known;
    const { timeout: timeoutInMs, concurrency, allowHttp } = settings;
    const made = createEngine({
      name,
      url,
      environment,
      timeoutInMs,
      concurrency,
      keepDemographics,
      allowHttp,
      builtIn: builtInPlace(settings, log),
    });
    const opened: OpenEngine = {
      engine: made.engine,
      url: made.account.url,
      account: accountIdOf(made.account),
      ready: made.ready ?? (async () => {}),
      ...(made.notice !== undefined && { notice: made.notice }),
    };
    if (made.mostCalls !== undefined) mostCalls.set(opened.account, made.mostCalls);
    releases.push(() => made.engine.close());
    engines.set(key, opened);
    return opened;
  };

  return {
    settings,
    given,
    environment,
    folder,
    state,
    log,
    s3,
    queue: openOnce,
    engine: () =>
      openEngine(engineName(settings, environment), settings.engineUrl, settings.keepDemographics),
    engineOf({ engine, engineUrl, account, keepDemographics }) {
      const opened = openEngine(engine, engineUrl, keepDemographics);
      return opened.account === account ? opened : undefined;
    },
    limiter(account) {
      const limiter = limiters.get(account) ?? openRateLimiter(account);
      limiters.set(account, limiter);
      return limiter;
    },
    faceReader() {
      faceReader ??= openFaceReader();
      return faceReader;
    },
    registration() {
      registration ??= openPresence();
      return registration;
    },
    close() {
      closing ??= (async () => {
        for (const release of releases.reverse()) {
          await release().catch((error: Error) => log.debug({ reason: error.message }, 'not closed cleanly'));
        }
      })();
      return closing;
    },
  };
}

/** undefined: templates of this machine are no use to workers of another. */
function builtInPlace(settings: Settings, log: Logger): BuiltInPlace | undefined {
  const { state, queue, allowPrivate } = settings;
  if (isS3Address(state) || !isOnThisMachine(queue)) return undefined;
  return { folder: join(state, 'local-engine'), allowPrivate, log };
}

/** A job that forgot the setting must not enroll into a toy. */
function engineName(settings: Settings, environment: Rollcall['environment']): string {
  if (settings.engine !== undefined) return settings.engine;
  const vendors = enginesWithCredentials(environment);
  if (vendors.length === 0) return 'local';
  throw new UsageError(
    'engine',
    `Credentials of ${vendors.join(', ')} are set, but no engine is named: set --engine ${vendors[0]} (ROLLCALL_ENGINE) to use it, or --engine local.`,
  );
}

function createLog(settings: Settings): Logger {
  const destination = pino.destination({ dest: settings.logFile ?? 2, sync: true, mkdir: true });
  return pino(
    { level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
}
