import { didYouMean } from '../settings/did-you-mean.ts';
import { UsageError } from '../util/errors.ts';
import type { Environment } from '../util/http/proxy-for.ts';
import { isSameTemplate, isUuid5, templateUuid } from '../util/template-id.ts';
import type { Engine, ForeseenVerdict, PhotoFault } from './engine.ts';
import type { EngineEntry, EngineOptions, OpenedEngine } from './engine-entry.ts';
import { local } from './local.ts';
import { ooto } from './ooto.ts';
import { hasCredential } from './read-credential.ts';
import { verihubs } from './verihubs.ts';

/** The engines by the name that `--engine` takes. Another engine is a file beside these and a name here. */
const engines: Readonly<Record<string, EngineEntry>> = { ooto, verihubs, local };

/** The names of all engines. */
export const engineNames: readonly string[] = Object.keys(engines);

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

/** The engines whose credentials are set: a job that names no engine may have forgotten to. */
export function enginesWithCredentials(environment: Environment): string[] {
  return Object.entries(engines)
    .filter(([, { credentials }]) => credentials.some((name) => hasCredential(name, environment)))
    .map(([name]) => name);
}

/** @throws UsageError where the engine cannot say who somebody is; `what`: the setting or command that needs it */
export function assertIdentifies(engine: Pick<Engine, 'name' | 'identify'>, what: string): void {
  if (engine.identify) return;
  const others = engineNames.filter((name) => engines[name]?.identifies).join(', ');
  throw new UsageError(
    'no-identification',
    `The engine ${engine.name} has no identification: ${what} is for engines that have it (${others}).`,
  );
}

/**
 * The template id of a subject at the engine of a name: the same subject always gets the same id. Reports and ledgers
 * may name an engine that is not known here: its ids are UUIDs.
 */
export function templateIdOf({ engine, subjectId }: { engine: string; subjectId: string }): string {
  return find(engine)?.templateIdFor(subjectId) ?? templateUuid({ engine, subjectId });
}

/** Whether a template id is the one that follows from its subject, so that nobody has to name it. */
export function followsFromSubject(named: {
  engine: string;
  subjectId: string;
  templateId: string;
}): boolean {
  return isSameTemplate(named.templateId, templateIdOf(named));
}

/** Whether the template ids that follow from subjects are UUIDs of version 5, and no others, at the engine of a name. */
export const derivesUuids = (engine: string): boolean => isUuid5(templateIdOf({ engine, subjectId: '' }));

/** The verdict that the engine of a name would give on a photo; undefined: it takes such a photo, or nobody knows. */
export function foreseeVerdict({
  engine,
  fault,
  settings,
}: {
  engine: string;
  fault: PhotoFault;
  settings: object;
}): ForeseenVerdict | undefined {
  return find(engine)?.foreseeVerdict?.(fault, settings);
}

/** What a code of the engine of a name means; undefined where nobody knows. */
export const meaningOfCode = ({ engine, code }: { engine: string; code: string }): string | undefined =>
  find(engine)?.meaningOfCode?.(code);

function entryOf(name: string): EngineEntry {
  const entry = find(name);
  if (entry !== undefined) return entry;
  const known = engineNames.join(', ');
  throw new UsageError(
    'engine',
    `--engine (ROLLCALL_ENGINE): unknown engine "${name}"; known: ${known}${didYouMean(name, engineNames)}`,
  );
}

function find(name: string): EngineEntry | undefined {
  return Object.hasOwn(engines, name) ? engines[name] : undefined;
}
