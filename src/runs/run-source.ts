import type { Readable } from 'node:stream';
import { templateIdOf } from '../engines/registry.ts';
import { createPhotoReader, type PhotoReader } from '../photos/read-photo.ts';
import type { RunRecord, RunSettings } from '../records/run-record.ts';
import { openSource } from '../sources/open-source.ts';
import type { Source } from '../sources/source.ts';
import { UsageError } from '../util/errors.ts';
import { checkEngineSettings } from './check-engine-settings.ts';
import type { RunSubject } from './create-or-resume-run.ts';
import { filesOn } from './files-on.ts';
import type { Rollcall } from './open-rollcall.ts';

export type ListSettings = Pick<
  RunSettings,
  'idFrom' | 'include' | 'exclude' | 'includeLeftOut' | 'allowOutside' | 'keepIds' | 'redrive'
> &
  Partial<Pick<RunSettings, 'listRules'>>;

/** @param options.within an earlier run: photos from a pipe may lie where that run's may, and relative paths begin there */
export function openSourceOf(
  rollcall: Pick<Rollcall, 'folder' | 's3'>,
  spec: string,
  settings: ListSettings,
  { stdin, within }: { stdin?: Readable | undefined; within?: PhotoPlaces | undefined } = {},
): Promise<Source> {
  const { idFrom, include, exclude, includeLeftOut, listRules, allowOutside, keepIds, redrive } = settings;
  return openSource(spec, {
    idFrom,
    include,
    exclude,
    includeLeftOut,
    listRules,
    allowOutside,
    keepIds,
    redrive,
    templateIdOf,
    stdin,
    workingFolder: (spec === '-' ? within?.rootFolder : undefined) ?? rollcall.folder,
    absoluteAnywhere: within?.rootFolder === undefined || within.absoluteAnywhere === true,
    s3: rollcall.s3,
  });
}

/** Where photos on this machine may lie. */
export type PhotoPlaces = Pick<RunRecord, 'rootFolder' | 'absoluteAnywhere'>;

/** The source of a run that another process began to list. */
export async function reopenSource({ s3 }: Pick<Rollcall, 's3'>, record: RunRecord): Promise<Source> {
  if (record.source !== '-') return openSource(record.source, { ...record.settings, templateIdOf, s3 });
  throw new UsageError(
    'source-gone',
    `The list that run ${record.id} was given on stdin was cut off: pipe it again with rollcall run - --run-id ${record.id}`,
  );
}

/**
 * What a run over this source into the account of the settings is about.
 * @throws UsageError for a source on this machine's disk with a queue on another machine, and for settings that the
 * engine does not know or that contradict each other
 */
export function subjectOf(rollcall: Pick<Rollcall, 'settings' | 'engine'>, source: Source): RunSubject {
  const { engine, url, account } = rollcall.engine();
  checkEngineSettings(engine, rollcall.settings, source);
  return {
    source,
    engine: engine.name,
    engineUrl: url,
    account,
    filesOn: filesOn(source.address, rollcall.settings),
  };
}

/** Reads the photos of a source, or of a run; to be closed. */
export function openPhotoReader(
  { settings, s3 }: Pick<Rollcall, 'settings' | 's3'>,
  { rootFolder, absoluteAnywhere }: PhotoPlaces,
  { allowPrivate }: { allowPrivate: boolean },
): PhotoReader {
  return createPhotoReader({
    allowPrivate,
    rootFolder,
    absoluteAnywhere,
    timeoutInMs: settings.timeout,
    s3,
  });
}
