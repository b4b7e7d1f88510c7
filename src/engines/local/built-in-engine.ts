import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { findModelFiles } from './faces/model-packages.ts';
import { createLocalEngineClient, type LocalEngineClient } from './local-engine-client.ts';

/** Where the built-in engine lives, and how it is started in this process. */
export interface BuiltInPlace {
  /** A folder on this machine's disk. */
  readonly folder: string;
  readonly allowPrivate: boolean;
  readonly log: Logger;
}

/** In place of an address in accounts and runs: wherever the engine listens tonight, its templates are the same. */
export const builtInUrl = 'built-in';

/** Said before anything is enrolled into it. */
export const builtInNotice =
  'The engine is the local one: real faces, for trial and rehearsal; it is not a biometric product.';

/** Two photos for every core keep it busy. */
export const builtInMostCalls = 2 * availableParallelism();

/** The client of the built-in engine; nothing is started before `ready` or the first call. */
export function openBuiltInEngine({
  place,
  concurrency,
  timeoutInMs,
}: {
  place: BuiltInPlace;
  concurrency: number;
  timeoutInMs: number;
}): LocalEngineClient {
  const client = createLocalEngineClient({
    folder: place.folder,
    timeoutInMs,
    concurrency,
    start: async () => {
      const { startLocalEngine } = await import('./start-local-engine.ts');
      return startLocalEngine(place);
    },
  });
  return {
    ...client,
    // Before anything is enrolled, and not with the first photo.
    ready: async () => {
      findModelFiles();
      await client.ready();
    },
  };
}
