import { availableParallelism } from 'node:os';
import { UsageError } from '../util/errors.ts';
import { templateUuid } from '../util/template-id.ts';
import type { BuiltInPlace, EngineEntry, EngineOptions, OpenedEngine } from './engine-entry.ts';
import { findModelFiles } from './local/faces/model-packages.ts';
import { createLocalEngineClient } from './local/local-engine-client.ts';
import { createOotoEngine } from './ooto.ts';
import { foreseeOotoVerdict, meaningOfOotoCode } from './ooto-codes.ts';
import { openAddress } from './open-address.ts';

/** In place of an address in accounts and runs: wherever the engine listens tonight, its templates are the same. */
const builtInUrl = 'built-in';

/** Shown before anything is enrolled into it. */
export const builtInNotice =
  'The local engine is used: real face recognition, for trials and rehearsals; it is not a biometric product.';

/** Two photos for every core keep it busy. */
const builtInMostCalls = 2 * availableParallelism();

/** Words that are no secret, in place of credentials. */
const anybody = 'rollcall-local';

/** The built-in engine of this machine, or a server that speaks OOTO's language without an account. */
export const local: EngineEntry = {
  credentials: [],
  templateIdFor: (subjectId) => templateUuid({ engine: 'local', subjectId }),
  identifies: true,
  foreseeVerdict: foreseeOotoVerdict,
  meaningOfCode: meaningOfOotoCode,
  create: (options) =>
    options.url === undefined || options.url === builtInUrl
      ? createBuiltIn(options)
      : createServed(options.url, options),
};

function createBuiltIn({ builtIn: place, keepDemographics, ...options }: EngineOptions): OpenedEngine {
  if (place === undefined) {
    throw new UsageError(
      'engine',
      'the local engine runs on this machine, and its templates are in the folder of --state: with a state on S3, or a ' +
        'queue on another machine, name a server that all workers reach with --engine-url (ROLLCALL_ENGINE_URL), ' +
        "such as one that 'rollcall engine' started; or another --engine",
    );
  }
  const client = openBuiltIn(place, options);
  const folder = `check ${place.folder}`;
  const engine = createOotoEngine({
    name: 'local',
    http: client,
    appId: anybody,
    appKey: anybody,
    keepDemographics,
    fix: { credentials: folder, url: folder },
  });
  return {
    engine,
    account: { engine: 'local', url: builtInUrl, appId: anybody },
    async ready() {
      // Missing models are reported before anything is enrolled, and not with the first photo.
      findModelFiles();
      await client.ready();
    },
    notice: builtInNotice,
    mostCalls: builtInMostCalls,
  };
}

/** Nothing is started before `ready` or the first call. */
function openBuiltIn(
  place: BuiltInPlace,
  { concurrency, timeoutInMs }: Pick<EngineOptions, 'concurrency' | 'timeoutInMs'>,
) {
  return createLocalEngineClient({
    folder: place.folder,
    timeoutInMs,
    concurrency,
    start: async () => {
      const { startLocalEngine } = await import('./local/start-local-engine.ts');
      return startLocalEngine(place);
    },
  });
}

function createServed(address: string, options: EngineOptions): OpenedEngine {
  const { url, http, urlFix, secrets } = openAddress(address, options);
  const credentials =
    'the server at --engine-url asks for credentials: use --engine ooto with OOTO_APP_ID and OOTO_APP_KEY';
  const engine = createOotoEngine({
    name: 'local',
    http,
    secrets,
    appId: anybody,
    appKey: anybody,
    keepDemographics: options.keepDemographics,
    fix: { credentials, url: urlFix },
  });
  return { engine, account: { engine: 'local', url, appId: anybody } };
}
