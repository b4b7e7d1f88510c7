import { UsageError } from '../util/errors.ts';
import { createHttpClient } from '../util/http/http-client.ts';
import type { Environment } from '../util/http/proxy-for.ts';
import type { Engine } from './engine.ts';
import { readEngineUrl } from './engine-url.ts';
import {
  type BuiltInPlace,
  builtInMostCalls,
  builtInNotice,
  builtInUrl,
  openBuiltInEngine,
} from './local/built-in-engine.ts';
import { createOotoEngine } from './ooto.ts';
import { hasCredential, readCredential } from './read-credential.ts';
import { createVerihubsEngine } from './verihubs.ts';

export interface EngineOptions {
  readonly name: string;
  /** `--engine-url`; absent: the engine's own address. */
  readonly url?: string | undefined;
  /** Where credentials and proxies are looked up. */
  readonly environment: Environment;
  readonly timeoutInMs: number;
  readonly concurrency: number;
  readonly keepDemographics?: boolean;
  readonly allowHttp?: boolean;
  /** Where the built-in engine lives; absent: there can be none. */
  readonly builtIn?: BuiltInPlace | undefined;
}

export interface OpenedEngine {
  readonly engine: Engine;
  readonly account: EngineAccount;
  /** Of an engine that has to be started: resolves when it is there. @throws RollcallError saying what to mend */
  readonly ready?: () => Promise<void>;
  /** What people are told before they enroll into it. */
  readonly notice?: string;
  /** Calls in flight in one process that are of use to it; more would only wait there, with their time running. */
  readonly mostCalls?: number;
}

/** What tells accounts apart; never the key. `appId` is to be hashed before it is written anywhere. */
export interface EngineAccount {
  readonly engine: string;
  readonly url: string;
  readonly appId: string;
}

/**
 * The engine of a name, with its credentials held in closures.
 * @throws UsageError for an unknown name, a missing credential, a wrong address
 */
export function createEngine(options: EngineOptions): OpenedEngine {
  return entryOf(options.name).create(options);
}

/** @throws UsageError for the name of no engine; no credential is needed */
export function assertEngineName(name: string): void {
  entryOf(name);
}

function entryOf(name: string): EngineEntry {
  const entry = Object.hasOwn(engines, name) ? engines[name] : undefined;
  if (entry !== undefined) return entry;
  const known = Object.keys(engines).join(', ');
  throw new UsageError('engine', `--engine (ROLLCALL_ENGINE): unknown engine "${name}"; known: ${known}`);
}

/** The engines whose credentials are set: a job that names no engine may have forgotten to. */
export function enginesWithCredentials(environment: Environment): string[] {
  return Object.entries(engines)
    .filter(([, { credentials }]) => credentials.some((name) => hasCredential(name, environment)))
    .map(([name]) => name);
}

interface EngineEntry {
  readonly create: (options: EngineOptions) => OpenedEngine;
  /** Environment variables, each also as `…_FILE`. */
  readonly credentials: readonly string[];
}

const engines: Readonly<Record<string, EngineEntry>> = {
  ooto: { create: createOoto, credentials: ['OOTO_APP_ID', 'OOTO_APP_KEY'] },
  verihubs: { create: createVerihubs, credentials: ['VERIHUBS_APP_ID', 'VERIHUBS_API_KEY'] },
  local: { create: createLocal, credentials: [] },
};

function createOoto(options: EngineOptions) {
  const { environment } = options;
  const appId = readCredential({ name: 'OOTO_APP_ID', what: "OOTO's application id", environment });
  const appKey = readCredential({ name: 'OOTO_APP_KEY', what: "OOTO's application key", environment });
  const url = options.url ?? 'https://cloud.ooto-ai.com/api/v1.0';
  const fix = 'check OOTO_APP_ID and OOTO_APP_KEY (or the files in OOTO_APP_ID_FILE and OOTO_APP_KEY_FILE)';
  return speakOoto({ name: 'ooto', url, appId, appKey, fix }, options);
}

function createVerihubs(options: EngineOptions): OpenedEngine {
  const { environment } = options;
  const appId = readCredential({ name: 'VERIHUBS_APP_ID', what: "Verihubs' application id", environment });
  const apiKey = readCredential({ name: 'VERIHUBS_API_KEY', what: "Verihubs' API key", environment });
  const { url, ...parts } = openAddress(options.url ?? 'https://api.verihubs.com', options);
  const credentials =
    'check VERIHUBS_APP_ID and VERIHUBS_API_KEY (or the files in VERIHUBS_APP_ID_FILE and VERIHUBS_API_KEY_FILE)';
  const { http, urlFix, keepDemographics } = parts;
  const fix = { credentials, url: urlFix };
  const engine = createVerihubsEngine({ http, appId, apiKey, keepDemographics, fix });
  return { engine, account: { engine: 'verihubs', url, appId } };
}

/** The built-in engine; or a server that speaks OOTO's language without an account. Words that are no secret are sent. */
function createLocal(options: EngineOptions): OpenedEngine {
  const account = { name: 'local', appId: anybody, appKey: anybody } as const;
  if (options.url === undefined || options.url === builtInUrl) return createBuiltIn(account, options);
  const fix =
    'the server at --engine-url wants credentials: use --engine ooto with OOTO_APP_ID and OOTO_APP_KEY';
  return speakOoto({ ...account, url: options.url, fix }, options);
}

function createBuiltIn(
  { name, appId, appKey }: { name: 'local'; appId: string; appKey: string },
  { builtIn: place, concurrency, timeoutInMs, keepDemographics = false }: EngineOptions,
): OpenedEngine {
  if (place === undefined) {
    throw new UsageError(
      'engine',
      'the local engine runs on this machine, and its templates lie in the folder of --state: with a state on S3, or a ' +
        'queue on another machine, name a server that all workers reach with --engine-url (ROLLCALL_ENGINE_URL), ' +
        "such as one that 'rollcall engine' started; or another --engine",
    );
  }
  const http = openBuiltInEngine({ place, concurrency, timeoutInMs });
  const folder = `look at ${place.folder}`;
  const engine = createOotoEngine({
    name,
    http,
    appId,
    appKey,
    keepDemographics,
    fix: { credentials: folder, url: folder },
  });
  return {
    engine,
    account: { engine: name, url: builtInUrl, appId },
    ready: http.ready,
    notice: builtInNotice,
    mostCalls: builtInMostCalls,
  };
}

function speakOoto(
  account: { name: 'ooto' | 'local'; url: string; appId: string; appKey: string; fix: string },
  options: EngineOptions,
): OpenedEngine {
  const { name, appId, appKey } = account;
  const { url, http, urlFix, keepDemographics } = openAddress(account.url, options);
  const fix = { credentials: account.fix, url: urlFix };
  const engine = createOotoEngine({ name, http, appId, appKey, keepDemographics, fix });
  return { engine, account: { engine: name, url, appId } };
}

/** What every adapter is made of besides its credentials. */
function openAddress(value: string, options: EngineOptions) {
  const url = readEngineUrl({ value, allowHttp: options.allowHttp ?? false });
  const { concurrency, timeoutInMs, environment, keepDemographics = false } = options;
  const http = createHttpClient({ baseUrl: url, concurrency, timeoutInMs, environment });
  const urlFix = `check --engine-url (ROLLCALL_ENGINE_URL), which is ${url}`;
  return { url, http, urlFix, keepDemographics };
}

const anybody = 'rollcall-local';
