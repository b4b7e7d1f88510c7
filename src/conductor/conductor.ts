import { manifestSize } from '../records/manifest.ts';
import type { PauseCause } from '../records/run-events.ts';
import { inboxOf } from '../sources/inbox/inbox-source.ts';
import { RollcallError } from '../util/errors.ts';
import { withinTime } from '../util/time-limit.ts';
import { adoptOrphans } from './adopt-orphans.ts';
import { type CanaryWatch, createCanaryWatch } from './canary/canary-watch.ts';
import { concludeRun } from './conclude-run.ts';
import type { ConductEnd, ConductOptions } from './conducting.ts';
import { feedManifest } from './feed.ts';
import { listSource } from './list.ts';
import { createManifestProgress, type ManifestProgress } from './manifest-progress.ts';
import { collectPhotos, createPhotoFlow, type PhotoFlow } from './photo-flow.ts';
import { createRunKeeper, createWorkerCount, type RunKeeper } from './run-keeper.ts';
import { adviseOnSetUp } from './set-up-advice.ts';
import type { StopReason } from './stop.ts';
import { type HeldRun, takeRun } from './take-run.ts';
import { stopIfAsked, takeChanges, watchRun } from './watch.ts';

/**
 * The conductor: of all processes on a run the one that lists its source, queues its photos, collects their outcomes and
 * finishes it. Its way begins here: it takes the run, lets five loops go on side by side until one of them ends it, and
 * concludes it. Whatever line it dies on, the next conductor goes on from the manifest and the parts.
 * @throws FaultError for a fault of queue or state; the run can be resumed
 * @throws UsageError if the source cannot be listed
 */
export async function conductRun(options: ConductOptions): Promise<ConductEnd> {
  const run = await takeRun(options);
  if ('kind' in run) return run;
  const { stop } = run;
  try {
    const parts = await openFlow(run, options);
    await begin(run, options, parts).catch((error) => stop.end({ kind: 'fault', error }));
    const loops = [
      listSource(listingOf(run, options, parts)),
      feedManifest(run, { ...options, ...parts }),
      collectPhotos(run, { ...options, ...parts }),
      watchRun(run, { ...options, ...parts }),
      adoptOrphans(run, options),
    ];
    await Promise.all(loops.map(stop.guard));
    const reason = stop.close();
    if (reason.kind === 'lost') return { kind: 'held' };
    if (reason.kind === 'fault') run.events.note({ kind: 'fault', code: codeOf(reason.error) });
    const end = await concludeRun(reason, { ...options, ...run, ...parts, queue: run.queueAtEnd });
    options.onProgress(parts.keeper.progress());
    if (end.kind !== 'held') await noteLastLook(run, options);
    noteEnd(run, reason, end);
    return end;
  } finally {
    await run.release();
  }
}

const longestLastLookInMs = 1_000;

const codeOf = (error: unknown) => (error instanceof RollcallError ? error.code : 'program');

/** What the account went through since the watch looked last. A store that is away is not waited for. */
async function noteLastLook({ record, events }: HeldRun, { backend }: ConductOptions): Promise<void> {
  const reading = await withinTime(backend.accounts.read(record.account), {
    limitInMs: longestLastLookInMs,
  }).catch(() => undefined);
  if (reading) events.noteAccount(reading);
}

function noteEnd({ events }: HeldRun, reason: StopReason, end: ConductEnd): void {
  if (end.kind === 'over') events.note({ kind: 'ended', state: end.summary.state });
  else if (end.kind === 'interrupted') events.note({ kind: 'interrupted' });
  else if (end.kind === 'paused' && reason.kind === 'paused')
    events.note({ kind: 'paused', cause: reason.cause });
}

/** What the loops have in common, besides the run. */
interface Flow {
  readonly manifest: ManifestProgress;
  readonly keeper: RunKeeper;
  readonly flow: PhotoFlow;
  readonly canary: CanaryWatch;
}

async function openFlow(run: HeldRun, options: ConductOptions): Promise<Flow> {
  const { record, parts, stop } = run;
  const { state, backend, runId, window, photosPerJob = 1, log, tracing } = options;
  const { listed } = record;
  const manifest = createManifestProgress(
    listed
      ? { count: listed.count, sizeInBytes: await manifestSize(state, runId), listed }
      : { count: 0, sizeInBytes: 0 },
  );
  const workers = createWorkerCount(backend.presence, runId);
  const canary = createCanaryWatch(run);
  const keeper = createRunKeeper({ state, record, parts, manifest, workers, canary: canary.now });
  const pause = (cause: PauseCause, waitsFor: string, evenIfDone = false) =>
    stop.end({ kind: 'paused', cause, waitsFor, foundAt: new Date().toISOString(), evenIfDone });
  const flow = createPhotoFlow(run, {
    state,
    window,
    photosPerJob,
    tracing,
    canary,
    // They are shown for people; the report has them whatever comes of it, so that no stop waits for them.
    showDeadLetters: (letters) =>
      run
        .retry(() => backend.deadLetters.add(letters))
        .catch((error: Error) =>
          log[stop.signal.aborted ? 'debug' : 'warn'](
            { run: runId, reason: error.message },
            'dead letters are not shown in the queue',
          ),
        ),
    onTooManyFailures: (tooMany) =>
      pause(
        'failures',
        `${tooMany} (--stop-after-failures). See why with rollcall dead-letters ${runId}, then start the command again (workers go on with: rollcall resume ${runId})`,
      ),
    onSetUpProblem: async (problem) => {
      const { record } = run;
      const { commandInstead } = options;
      // Of an inbox, and of dead letters that are tried again, no command lists them anew.
      const isListedElsewhere = inboxOf(record) !== undefined || record.origin !== undefined;
      if (!commandInstead || isListedElsewhere) return;
      const { why, command } = await adviseOnSetUp(problem, { record, state, commandInstead });
      pause(
        'failures',
        `${why}. To go on all the same: rollcall resume ${runId}. To begin anew, which is better: ${command}`,
        true,
      );
    },
    // Somebody has to look, also where no photo is left: what was seen must not end as a line among others.
    onImplausible: (alarm) =>
      pause(
        'implausible',
        `${alarm}: a cache in between, a broken engine, or replies that are mixed up. Nothing of it counts as enrolled. Check what lies between here and the engine (--engine-url, HTTPS_PROXY) and ask whoever runs it, then start the command again (workers go on with: rollcall resume ${runId}); at its end rollcall dead-letters ${runId} --retry enrolls these photos again`,
        true,
      ),
  });
  return { manifest, keeper, flow, canary };
}

async function begin(run: HeldRun, options: ConductOptions, parts: Flow): Promise<void> {
  await takeChanges(run, { ...options, ...parts });
  await stopIfAsked(run, options);
  if (run.stop.signal.aborted) return;
  run.events.note({ kind: run.begun });
  await parts.keeper.save('active');
  await run.queue.resume();
  options.work.start();
}

function listingOf(
  { record, lease, stop: { signal } }: HeldRun,
  { state, runId, openSource }: ConductOptions,
  { manifest, keeper }: Flow,
): Parameters<typeof listSource>[0] {
  const mayWrite = () => lease.fresh(signal);
  return {
    state,
    runId,
    openSource: () => openSource(record),
    limit: record.settings.limit,
    progress: manifest,
    signal,
    epoch: record.epoch,
    mayWrite,
    async onListed() {
      await mayWrite();
      await keeper.save('active');
    },
  };
}
