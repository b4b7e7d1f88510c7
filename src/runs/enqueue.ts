import { Readable } from 'node:stream';
import { listSource } from '../conductor/list.ts';
import { createManifestProgress } from '../conductor/manifest-progress.ts';
import { announceRun } from '../queue/presence.ts';
import { manifestPath, manifestSize } from '../records/manifest.ts';
import {
  areIdsFromPaths,
  isOver,
  type RunRecord,
  readRunRecord,
  writeFirstRunRecord,
  writeRunRecord,
} from '../records/run-record.ts';
import type { ListedPhoto, ListOptions, Source } from '../sources/source.ts';
import { UsageError } from '../util/errors.ts';
import { createOrResumeRun, newRecord, newRunId, resumedRecord } from './create-or-resume-run.ts';
import { noteForgetList, readForgetList } from './erasure/forget-list.ts';
import { watchLocalPhotos } from './files-on.ts';
import type { GivenPhoto } from './given-photo.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Rollcall } from './open-rollcall.ts';
import { checkCanary } from './run-settings.ts';
import { openSourceOf, subjectOf } from './run-source.ts';

export interface EnqueueOptions {
  /** Starts another run even if an unfinished one of the same source is there. */
  readonly alwaysNew?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Names a run of photos that are given or come on stdin; default `--run-id`, else made from the time. */
  readonly runId?: string;
  /** Another run whose account, folder and settings the new one is to have. */
  readonly like?: RunRecord;
  /** Where the photos of a source may lie that a client of the API named. */
  readonly allowedPlaces?: RunRecord['allowedPlaces'];
}

export interface EnqueuedRun {
  readonly runId: string;
  readonly resumed: boolean;
  readonly count: number;
  /** What a run that is resumed was given anew and has from now on, for people: `--max-attempts 7 (was 5)`. */
  readonly takenOver: readonly string[];
}

/** What a run is enqueued with. */
export type EnqueueTools = Pick<
  Rollcall,
  'settings' | 'given' | 'state' | 'folder' | 's3' | 'engine' | 'queue'
>;

/**
 * Starts a run that workers do, and returns its id. A folder or a manifest file is listed by whoever conducts the
 * run; `-` and a script's photos are listed here, and the run is seen by workers only when its list is whole.
 * @throws UsageError (`photo`) for a script's photo that can never be read, such as one without a subject or of
 * `file://`; nothing is enqueued then. A file that is not there may still come, and gets its line.
 */
export async function enqueue(
  rollcall: EnqueueTools,
  given: string | Iterable<GivenPhoto> | AsyncIterable<GivenPhoto>,
  {
    alwaysNew = false,
    signal = new AbortController().signal,
    like,
    allowedPlaces,
    ...named
  }: EnqueueOptions = {},
): Promise<EnqueuedRun> {
  const { state, settings } = rollcall;
  if (!like) checkCanary(rollcall);
  const forgetList = await readForgetList(rollcall, settings, signal);
  if (typeof given === 'string' && given !== '-') {
    const source = await openSourceOf(rollcall, given, settings);
    const subject = { ...subjectOf(rollcall, source), allowedPlaces };
    const { leases, presence } = await rollcall.queue();
    const { record, resumed, takenOver } = await oneAtATime(leases, subject, signal, () =>
      createOrResumeRun({ state, settings, given: rollcall.given, subject, forgetList, alwaysNew }),
    );
    await announceRun(presence, state, record);
    return { runId: record.id, resumed, count: record.counts.listed, takenOver };
  }
  const stdin = typeof given === 'string' ? undefined : Readable.from(jsonLines(given));
  const givenId = named.runId ?? settings.runId;
  const runId = givenId ?? newRunId();
  const found = givenId === undefined ? undefined : await readRunRecord(state, runId);
  const listSettings = found?.settings ?? like?.settings ?? settings;
  const piped = await openSourceOf(rollcall, '-', listSettings, { stdin, within: found ?? like });
  const needed: { filesOn?: string } = {};
  // What a run had before was checked when it was listed.
  const checked = typeof given === 'string' || like ? piped : refuseProblems(piped);
  const source = watchLocalPhotos(checked, settings, (host) => {
    needed.filesOn = host;
  });
  const subject = { ...(like ? { ...like, source } : subjectOf(rollcall, source)), filesOn: undefined };
  const fresh = newRecord({ id: runId, settings, given: rollcall.given, subject });
  const wanted = like ? likeAnother(fresh, like) : fresh;
  const asked = like ? { settings: wanted.settings, given: wanted.settings } : rollcall;
  const { resumed: record, takenOver } = found
    ? resumedRecord(found, { ...asked, subject })
    : { resumed: wanted, takenOver: [] };
  // Listing again would put the photos into the same list once more.
  if (found?.listed) {
    if (!isOver(found) && takenOver.length > 0) await writeRunRecord(state, record);
    return { runId, resumed: true, count: found.listed.count, takenOver };
  }
  const progress = createManifestProgress({ count: 0, sizeInBytes: 0 });
  const isBegun = (await manifestSize(state, runId)) > 0;
  try {
    await listSource({
      state,
      runId,
      openSource: async () => source,
      limit: record.settings.limit,
      progress,
      signal,
    });
  } catch (error) {
    // Nobody pipes the same again: a list that is put right must not go on behind a part of the wrong one.
    if (error instanceof GivenPhotoError && !isBegun) await state.remove(manifestPath(runId));
    throw error;
  }
  const { count, listed } = progress.end;
  const written: RunRecord = {
    ...record,
    ...needed,
    ...(listed && { listed }),
    counts: { ...record.counts, listed: count },
  };
  const { presence } = await rollcall.queue();
  await noteForgetList(state, { runId, engine: written.engine, subjects: forgetList });
  await writeFirstRunRecord(state, written);
  await announceRun(presence, state, written);
  return { runId, resumed: false, count, takenOver };
}

/** A photo that a script gave and that can never be read. */
class GivenPhotoError extends UsageError {}

/** The same source, whose list is refused at its first photo that can never be read: a script can be told at once. */
function refuseProblems(source: Source): Source {
  async function* list(options: ListOptions): AsyncGenerator<ListedPhoto> {
    for await (const photo of source.list(options)) {
      if (photo.problem !== undefined)
        throw new GivenPhotoError(
          'photo',
          `${photo.problem.replace(/^line /u, 'photo ')}. Nothing was enqueued.`,
        );
      yield photo;
    }
  }
  return { ...source, list };
}

/** What a person asked for is done, whatever an earlier run came to. */
function likeAnother(fresh: RunRecord, like: RunRecord): RunRecord {
  const { sameSubject } = fresh.settings;
  // Its photos are listed here, their ids arose there.
  const isInferred = areIdsFromPaths(like.settings);
  return {
    ...fresh,
    origin: like.origin ?? like.source,
    settings: {
      ...like.settings,
      sameSubject,
      ...(isInferred !== undefined && { idsFromPaths: isInferred }),
      incremental: false,
      // They were looked at, one by one or by their codes.
      canary: undefined,
      canaryAccept: undefined,
    },
  };
}

async function* jsonLines(photos: Iterable<GivenPhoto> | AsyncIterable<GivenPhoto>): AsyncGenerator<string> {
  for await (const photo of photos) yield `${JSON.stringify(photo)}\n`;
}
