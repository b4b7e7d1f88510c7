import { join } from 'node:path';
import type { Logger } from 'pino';
import type { CalledAccounts } from '../account/called-accounts.ts';
import type { Engine } from '../engines/engine.ts';
import type { BuiltInPlace } from '../engines/engine-entry.ts';
import { createEngine, enginesWithCredentials } from '../engines/registry.ts';
import type { Settings } from '../engines/settings.ts';
import { isOnThisMachine } from '../queue/is-on-this-machine.ts';
import type { RunRecord } from '../records/run-record.ts';
import { accountIdOf, calledAccountIdOf } from '../settings/account.ts';
import { isS3Address } from '../storage/s3/s3-address.ts';
import { UsageError } from '../util/errors.ts';
import type { Resources } from '../util/resources.ts';

export interface OpenEngine {
  readonly engine: Engine;
  readonly url: string;
  /** Of runs and ledger. */
  readonly account: string;
  /** The account that is called, however its address is spelled. */
  readonly calledAccount: string;
  /** Resolves when it can be called: the built-in one is found, or started. @throws RollcallError saying what to fix */
  ready(): Promise<void>;
  /** For people, before they enroll into it. */
  readonly notice?: string;
}

/** The engines of a process: one for each name, address and treatment of demographics. */
export interface Engines {
  /** That of the settings. @throws UsageError for a wrong name, address or missing credentials */
  own(): OpenEngine;
  /** That of a run, with this process's credentials; undefined if they are another account's. */
  ofRun(
    run: Pick<RunRecord, 'engine' | 'engineUrl' | 'account'> & { keepDemographics: boolean },
  ): OpenEngine | undefined;
  /** Calls in flight that are of use to the engine of an account that is called, as far as it says so. */
  mostCallsOf(calledAccount: string): number;
}

export function openEngines(options: {
  settings: Settings;
  environment: Readonly<Record<string, string | undefined>>;
  log: Logger;
  resources: Pick<Resources, 'keep'>;
  /** Told of every account that is opened. */
  called: Pick<CalledAccounts, 'note'>;
}): Engines {
  const { settings, environment, log, resources, called } = options;
  const engines = new Map<string, OpenEngine>();
  const mostCalls = new Map<string, number>();

  function open(name: string, url: string | undefined, keepDemographics: boolean): OpenEngine {
    const key = JSON.stringify([name, url, keepDemographics]);
    const known = engines.get(key);
    if (known) return known;
    const { timeout: timeoutInMs, concurrency, allowHttp } = settings;
    const builtIn = builtInPlace(settings, log);
    const made = createEngine({
      ...{ name, url, environment, timeoutInMs, concurrency, keepDemographics, allowHttp, builtIn },
    });
    resources.keep(made.engine);
    const opened: OpenEngine = {
      engine: made.engine,
      url: made.account.url,
      account: accountIdOf(made.account),
      calledAccount: calledAccountIdOf(made.account),
      ready: made.ready ?? (async () => {}),
      ...(made.notice !== undefined && { notice: made.notice }),
    };
    const { account, calledAccount } = opened;
    called.note({ account, called: calledAccount, engine: name, engineUrl: opened.url });
    if (made.mostCalls !== undefined) mostCalls.set(calledAccount, made.mostCalls);
    engines.set(key, opened);
    return opened;
  }

  return {
    own: () => open(nameOf(settings, environment), settings.engineUrl, settings.keepDemographics),
    ofRun({ engine, engineUrl, account, keepDemographics }) {
      const opened = open(engine, engineUrl, keepDemographics);
      return opened.account === account ? opened : undefined;
    },
    mostCallsOf: (calledAccount) => mostCalls.get(calledAccount) ?? Number.POSITIVE_INFINITY,
  };
}

/** undefined: templates of this machine are no use to workers of another. */
function builtInPlace(settings: Settings, log: Logger): BuiltInPlace | undefined {
  const { state, queue, allowPrivate } = settings;
  if (isS3Address(state) || !isOnThisMachine(queue)) return undefined;
  return { folder: join(state, 'local-engine'), allowPrivate, log };
}

/** A job that forgot the setting must not enroll into a toy. */
function nameOf(settings: Settings, environment: Readonly<Record<string, string | undefined>>): string {
  if (settings.engine !== undefined) return settings.engine;
  const vendors = enginesWithCredentials(environment);
  if (vendors.length === 0) return 'local';
  throw new UsageError(
    'engine',
    `Credentials of ${vendors.join(', ')} are set, but no engine is named: set --engine ${vendors[0]} (ROLLCALL_ENGINE) to use it, or --engine local.`,
  );
}
