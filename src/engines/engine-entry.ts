import type { Logger } from 'pino';
import type { Environment } from '../util/http/proxy-for.ts';
import type { Engine, ForeseenVerdict, PhotoFault } from './engine.ts';

/**
 * What the registry holds of an engine: how it is made, and what is asked of it by its name alone, without credentials.
 * Each adapter's file exports one.
 */
export interface EngineEntry {
  readonly create: (options: EngineOptions) => OpenedEngine;
  /** Environment variables, each also as `…_FILE`. */
  readonly credentials: readonly string[];
  /** As the `Engine` has it. */
  readonly templateIdFor: (subjectId: string) => string;
  /** Set where the `Engine` has `identify`: messages name these engines. */
  readonly identifies?: true;
  /** What the engine would say of a photo under the settings of a run; undefined: it takes such a photo. Absent: nothing is foreseen. */
  readonly foreseeVerdict?: (fault: PhotoFault, settings: object) => ForeseenVerdict | undefined;
  /** What the engine's page says of a code, in a few words; undefined: it does not have it. */
  readonly meaningOfCode?: (code: string) => string | undefined;
}

export interface EngineOptions {
  /** As in `--engine`. */
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

/** Where the built-in engine lives, and how it is started in this process. */
export interface BuiltInPlace {
  /** A folder on this machine's disk. */
  readonly folder: string;
  readonly allowPrivate: boolean;
  readonly log: Logger;
}

export interface OpenedEngine {
  readonly engine: Engine;
  readonly account: EngineAccount;
  /** Of an engine that has to be started: resolves when it can be called. @throws RollcallError that says what to fix */
  readonly ready?: () => Promise<void>;
  /** Shown to users before they enroll into it. */
  readonly notice?: string;
  /** The most calls in flight that one process should have; more would only queue there while their timeouts run. */
  readonly mostCalls?: number;
}

/** What distinguishes accounts; never the key. `appId` is hashed before it is written anywhere. */
export interface EngineAccount {
  readonly engine: string;
  readonly url: string;
  readonly appId: string;
}
