import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { createCalledAccounts } from '../account/called-accounts.ts';
import { createRateLimiter } from '../account/create-rate-limiter.ts';
import type { RateLimiter } from '../account/rate-limiter.ts';
import type { FaceReader } from '../engines/local/faces/face-reader.ts';
import { assertEngineName } from '../engines/registry.ts';
import {
  type GivenSettings,
  gatherSettings,
  parseSettings,
  type Settings,
  settingsSchema,
} from '../engines/settings.ts';
import type { QueueBackend } from '../queue/queue.ts';
import { strangeVariables } from '../settings/check-environment.ts';
import type { SettingTexts } from '../settings/load-settings.ts';
import { isS3Address } from '../storage/s3/s3-address.ts';
import { openS3Connection, type S3Connection } from '../storage/s3/s3-connection.ts';
import { openState } from '../storage/state/open-state.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { processName } from '../util/process-name.ts';
import { createResources } from '../util/resources.ts';
import type { Tracing } from '../util/span.ts';
import { createLog } from './create-log.ts';
import { createInbox, type Inbox } from './inbox/inbox.ts';
import { type Engines, type OpenEngine, openEngines } from './open-engines.ts';
import { openRegistration, type Registration } from './registration.ts';
import { findTraceEndpoint } from './tracing/trace-packages.ts';

export interface OpenRollcallOptions {
  /** Settings that stand above environment and config file. */
  readonly settings?: GivenSettings;
  /** Where `ROLLCALL_…` settings, the engines' credentials and `AWS_…` are looked up. Default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where `rollcall.config.json` is looked for and relative paths begin. Default: the working directory. */
  readonly folder?: string;
  /**
   * Whether a rate that is given is the most that this process calls with, whatever a run's own is. Default: true. Of a
   * process for one run it is the run's, and may be changed with it.
   */
  readonly rateIsCeiling?: boolean;
  /** Default: pino to stderr (or `logFile`) at `logLevel`. */
  readonly log?: Logger;
  /** Takes the JSON lines of that log in place of stderr. */
  readonly logTo?: { write(json: string): void } | undefined;
  /** Hears once that the log cannot be written; nothing fails for it. */
  readonly onLogFault?: (message: string) => void;
  /** Ends the waiting for a queue that does not answer while it is opened. */
  readonly signal?: AbortSignal;
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
  /** An inbox by its name, to take photos in; opened on first use. No engine's credentials are needed. */
  inbox(name: string): Inbox;
  /** The engine of the settings. @throws UsageError for a wrong name, address or missing credentials */
  engine(): OpenEngine;
  /** The engine of a run, with this process's credentials; undefined if they are another account's. */
  readonly engineOf: Engines['ofRun'];
  /** The account that is called for the account of a run or a ledger: one, however its address is spelled. */
  calledAccountOf(account: string): Promise<string>;
  limiter(account: string): Promise<RateLimiter>;
  /**
   * The local face models, for looking at photos before their calls.
   * @throws UsageError that says what to install where their packages are missing
   */
  faceReader(): Promise<FaceReader>;
  /** Traces of photos, where there is somebody to send them to; loaded when it is first called. */
  tracing(): Promise<Tracing | undefined>;
  /** From the first call on, all others on the queue see that this process is there to work. */
  registration(): Promise<Registration>;
  close(): Promise<void>;
}

/** Between two calls while it is in doubt whether the account is right; 20 of them take half a minute. */
const firstDoubtDelayInMs = 250;
const longestDoubtDelayInMs = 2_000;

/** @throws UsageError for settings that are not right, or that there are not; before anything is opened */
export async function openRollcall(options: OpenRollcallOptions = {}): Promise<Rollcall> {
  const { environment = process.env, folder = process.cwd() } = options;
  const strange = strangeVariables(settingsSchema, environment);
  const given = await gatherSettings({ flags: options.settings ?? {}, environment, folder });
  const parsed = parseSettings(given);
  if (parsed.engine !== undefined) assertEngineName(parsed.engine);
  const isOnS3 = isS3Address(parsed.state);
  const settings: Settings = Object.freeze({
    ...parsed,
    state: isOnS3 ? parsed.state : resolve(folder, parsed.state),
  });
  const traceEndpoint = findTraceEndpoint(environment);
  const { logTo, onLogFault: onFault = () => {} } = options;
  const log = options.log ?? createLog(settings, { logTo, onFault });
  if (strange.length > 0) log.warn({ variables: strange }, 'these variables are no settings and are ignored');
  const s3 = openS3Connection({ pathStyle: settings.s3PathStyle, environment });
  const state = openState({ state: settings.state, s3, environment });
  const resources = createResources({
    onError: (error) => log.debug({ reason: error.message }, 'not closed cleanly'),
  });
  resources.keep(s3);
  const called = createCalledAccounts(state);
  const engines = openEngines({ settings, environment, log, resources, called });
  const queue = resources.lazy(async () => {
    // BullMQ and its clients are half of what a command loads; one that only reads the state does without.
    const { openQueue } = await import('../queue/open-queue.ts');
    const backend = await openQueue({
      queue: settings.queue,
      ...(!isOnS3 && { stateFolder: settings.state }),
      onError: (error) => log.warn({ reason: error.message }, 'the queue reported a fault'),
      ...(options.signal && { signal: options.signal }),
    });
    return { ...backend, accounts: called.storeOver(backend.accounts) };
  });
  const inboxes = new Map<string, Inbox>();
  const openInbox = (name: string): Inbox => {
    let isKept = false;
    const inbox = createInbox(
      {
        ...{ state, log, settings, folder },
        async queue() {
          const backend = await queue();
          // Closed before the queue, to which it gives its lease back.
          if (!isKept) resources.keep(inbox);
          isKept = true;
          return backend;
        },
      },
      name,
    );
    return inbox;
  };
  const openTraces = resources.lazyByKey(async (url) => {
    const { openTracing } = await import('./tracing/open-tracing.ts');
    const serviceName = environment.OTEL_SERVICE_NAME;
    return openTracing({ url, serviceName, withSubjects: settings.traceSubjects });
  });
  const limiterOfCalled = resources.lazyByKey(async (account) =>
    createRateLimiter({
      store: (await queue()).accounts,
      account,
      ratePerSecond: settings.rate,
      isCeiling: given.rate !== undefined && (options.rateIsCeiling ?? true),
      concurrency: Math.min(settings.concurrency, engines.mostCallsOf(account)),
      processName: processName(),
      giveUpAfterInMs: settings.giveUpAfter,
      doubtDelay: {
        firstInMs: Math.min(settings.backoff.firstDelayInMs, firstDoubtDelayInMs),
        ceilingInMs: Math.min(settings.backoff.ceilingInMs, longestDoubtDelayInMs),
      },
      log,
    }),
  );
  return {
    ...{ settings, given, environment, folder, state, log, s3, queue },
    inbox(name) {
      const inbox = inboxes.get(name) ?? openInbox(name);
      inboxes.set(name, inbox);
      return inbox;
    },
    engine: engines.own,
    engineOf: engines.ofRun,
    calledAccountOf: called.calledOf,
    async limiter(account) {
      await queue();
      return limiterOfCalled(await called.calledOf(account));
    },
    faceReader: resources.lazy(async () => {
      // Its decoder and its pool are nothing that other commands should load.
      const { shareFaceReader } = await import('../engines/local/faces/create-face-reader.ts');
      return shareFaceReader();
    }),
    tracing: async () => (traceEndpoint === undefined ? undefined : openTraces(traceEndpoint)),
    registration: resources.lazy(async () =>
      openRegistration({
        presence: (await queue()).presence,
        state,
        timeoutInMs: settings.timeout,
        onError: (error) =>
          log.debug({ reason: error.message }, 'this process could not be registered in the queue'),
      }),
    ),
    close: resources.close,
  };
}
