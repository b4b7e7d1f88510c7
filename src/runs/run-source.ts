import type { Readable } from 'node:stream';
import { templateIdOf } from '../engines/registry.ts';
import { createPhotoReader, type PhotoReader } from '../photos/read-photo.ts';
import { isPictureAddress } from '../records/inbox/picture.ts';
import type { RunRecord, RunSettings } from '../records/run-record.ts';
import { createInboxSource, inboxOf } from '../sources/inbox/inbox-source.ts';
import { openSource } from '../sources/open-source.ts';
import type { Source } from '../sources/source.ts';
import { UsageError } from '../util/errors.ts';
import { readPicture } from '../worker/read-upload.ts';
import { checkEngineSettings } from './check-engine-settings.ts';
import type { RunSubject } from './create-or-resume-run.ts';
import { filesOn } from './files-on.ts';
import { createTend } from './inbox/tend-inbox.ts';
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
export type PhotoPlaces = Pick<RunRecord, 'rootFolder' | 'absoluteAnywhere' | 'allowedPlaces'>;

/** What is needed for the source of any run. */
export type ReopenTools = Pick<Rollcall, 's3' | 'state' | 'inbox' | 'log'>;

/** The source of a run that another process began to list. */
export async function reopenSource(rollcall: ReopenTools, record: RunRecord): Promise<Source> {
  const { s3, state } = rollcall;
  const inbox = inboxOf(record);
  if (inbox !== undefined) {
    const tend = createTend(rollcall, { inbox, run: record.id });
    return createInboxSource({ state, inbox, run: record.id, tend });
  }
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
  { settings, s3, state }: Pick<Rollcall, 'settings' | 's3' | 'state'>,
  places: PhotoPlaces,
  { allowPrivate }: { allowPrivate: boolean },
): PhotoReader {
  const { rootFolder, absoluteAnywhere, allowedPlaces } = places;
  const { timeout: timeoutInMs } = settings;
  const reader = createPhotoReader({
    ...{ allowPrivate, rootFolder, absoluteAnywhere, allowedPlaces, timeoutInMs, s3 },
  });
  return {
    ...reader,
    read: (address, signal, limitInBytes) =>
      isPictureAddress(address)
        ? readPicture(state, { address, limitInBytes })
        : reader.read(address, signal, limitInBytes),
  };
}
