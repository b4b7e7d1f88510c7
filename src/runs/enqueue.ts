import { Readable } from 'node:stream';
import { listSource } from '../conductor/list.ts';
import { createManifestProgress } from '../conductor/manifest-progress.ts';
import { announceRun } from '../queue/presence.ts';
import { type RunRecord, readRunRecord, writeFirstRunRecord } from '../records/run-record.ts';
import { assertSameRun, createOrResumeRun, newRecord, newRunId } from './create-or-resume-run.ts';
import { watchLocalPhotos } from './files-on.ts';
import { noteForgetList, readForgetList } from './forget-list.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Rollcall } from './open-rollcall.ts';
import { openSourceOf, subjectOf } from './run-source.ts';

/** A photo that a script enqueues: the columns of a manifest. */
export interface GivenPhoto {
  readonly subjectId: string;
  /** Absolute path, path relative to the working folder, `https://…` or `s3://…`. */
  readonly photo: string;
  readonly templateId?: string;
  readonly version?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface EnqueueOptions {
  /** Starts another run even if an unfinished one of the same source is there. */
  readonly alwaysNew?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Names a run of photos that are given or come on stdin; default `--run-id`, else made from the time. */
  readonly runId?: string;
  /** Another run whose account, folder and settings the new one is to have. */
  readonly like?: RunRecord;
}

/**
 * Starts a run that workers do, and returns its id. A folder or a manifest file is listed by whoever conducts the
 * run; `-` and a script's photos are listed here, and the run is seen by workers only when its list is whole.
 */
export async function enqueue(
  rollcall: Rollcall,
  given: string | Iterable<GivenPhoto> | AsyncIterable<GivenPhoto>,
  { alwaysNew = false, signal = new AbortController().signal, like, ...named }: EnqueueOptions = {},
): Promise<{ runId: string; resumed: boolean; count: number }> {
  const { state, settings } = rollcall;
  const forgetList = await readForgetList(rollcall, settings, signal);
  if (typeof given === 'string' && given !== '-') {
    const source = await openSourceOf(rollcall, given, settings);
    const subject = subjectOf(rollcall, source);
    const { leases, presence } = await rollcall.queue();
    const { record, resumed } = await oneAtATime(leases, subject, signal, () =>
      createOrResumeRun({ state, settings, subject, forgetList, alwaysNew }),
    );
    await announceRun(presence, state, record);
    return { runId: record.id, resumed, count: record.counts.listed };
  }
  const stdin = typeof given === 'string' ? undefined : Readable.from(jsonLines(given));
  const piped = await openSourceOf(rollcall, '-', like?.settings ?? settings, stdin);
  const needed: { filesOn?: string } = {};
  const source = watchLocalPhotos(piped, settings, (host) => {
    needed.filesOn = host;
  });
  const subject = { ...(like ? { ...like, source } : subjectOf(rollcall, source)), filesOn: undefined };
  const givenId = named.runId ?? settings.runId;
  const runId = givenId ?? newRunId();
  const fresh = newRecord({ id: runId, settings, subject });
  const record = like ? likeAnother(fresh, like) : fresh;
  // Listing again would put the photos into the same list once more.
  const found = givenId === undefined ? undefined : await readRunRecord(state, runId);
  if (found) assertSameRun(found, record);
  if (found?.listed) return { runId, resumed: true, count: found.listed.count };
  const progress = createManifestProgress({ count: 0, sizeInBytes: 0 });
  await listSource({ state, runId, openSource: async () => source, limit: settings.limit, progress, signal });
  const { count, listed } = progress.end;
  const written: RunRecord = {
    ...record,
    ...needed,
    ...(listed && { listed }),
    counts: { ...record.counts, listed: count },
  };
  const { presence } = await rollcall.queue();
  await noteForgetList(state, { runId, account: written.account, subjects: forgetList });
  await writeFirstRunRecord(state, written);
  await announceRun(presence, state, written);
  return { runId, resumed: false, count };
}

/** What a person asked for is done, whatever an earlier run came to. */
function likeAnother(fresh: RunRecord, like: RunRecord): RunRecord {
  const { sameSubject } = fresh.settings;
  return {
    ...fresh,
    origin: like.origin ?? like.source,
    settings: { ...like.settings, sameSubject, incremental: false },
  };
}

async function* jsonLines(photos: Iterable<GivenPhoto> | AsyncIterable<GivenPhoto>): AsyncGenerator<string> {
  for await (const photo of photos) yield `${JSON.stringify(photo)}\n`;
}
