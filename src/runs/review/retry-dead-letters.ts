import { readManifest } from '../../records/manifest.ts';
import { readWholeReport } from '../../records/report/read-whole-report.ts';
import { isDeadLetter } from '../../records/report/report-line.ts';
import { type RunRecord, readRunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { plural } from '../../util/plural.ts';
import { assertStillThere } from '../assert-still-there.ts';
import { type EnqueueTools, enqueue } from '../enqueue.ts';
import type { GivenPhoto } from '../given-photo.ts';
import type { StartedRun } from '../join-run.ts';
import type { OpenEngine } from '../open-engines.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { type ReopenTools, reopenSource } from '../run-source.ts';

/**
 * Starts a new run of a run's dead letters, with the account and the settings of that run, for workers to do.
 * @param options.which `failed` (default): those without a verdict; `all`: rejected and duplicate ones too
 * @param options.runId names the new run: where it is there already, nothing is enqueued again. Default: made from the time
 * @returns undefined if there is nothing to retry
 */
export async function enqueueDeadLetters(
  tools: EnqueueTools,
  record: RunRecord,
  options: { which?: 'failed' | 'all'; runId?: string; signal?: AbortSignal } = {},
): Promise<{ runId: string } | undefined> {
  const { which = 'failed', ...rest } = options;
  const photos = () => photosToRetry(tools.state, record, which);
  if (await isEmpty(photos())) return undefined;
  return enqueue(tools, photos(), { ...rest, like: record });
}

/**
 * The same, for this process to join.
 * @throws UsageError if this process's credentials are another account's
 */
export async function startRetry(
  { engineOf, ...tools }: EnqueueTools & ReopenTools & Pick<Rollcall, 'engineOf'>,
  { record, which, signal }: { record: RunRecord; which: 'failed' | 'all'; signal: AbortSignal },
): Promise<StartedRun | undefined> {
  const opened = openAccountOf(engineOf, record);
  const enqueued = await enqueueDeadLetters(tools, record, { which, signal });
  if (!enqueued) return undefined;
  const started = await readRunRecord(tools.state, enqueued.runId);
  if (!started) throw new FaultError('state', `The run ${enqueued.runId} that was just started is gone.`);
  return { record: started, opened, openSource: (run) => reopenSource(tools, run) };
}

/** @throws UsageError if this process's credentials are another account's */
export function openAccountOf(engineOf: Rollcall['engineOf'], record: RunRecord): OpenEngine {
  const { keepDemographics } = record.settings;
  const opened = engineOf({ ...record, keepDemographics });
  if (opened) return opened;
  throw new UsageError(
    'other-account',
    `Run ${record.id} belongs to another account of ${record.engine} at ${record.engineUrl} than the credentials that are set.`,
  );
}

/**
 * The photos of a run's dead letters, as its manifest had them. `failed`: those without a verdict; `all`: rejected and
 * duplicate ones too. Rows that named no photo cannot be retried, nor what collides with another photo: they are left out.
 */
async function* photosToRetry(
  state: StateStore,
  record: RunRecord,
  which: 'failed' | 'all',
): AsyncGenerator<GivenPhoto> {
  const seqs = new Set<number>();
  for await (const line of readWholeReport(state, record)) {
    // Alone in a list it would collide with nobody, and overwrite whom it collided with.
    if (line.error?.kind === 'collision') continue;
    if (line.status === 'failed' || (which === 'all' && isDeadLetter(line))) seqs.add(line.seq);
  }
  for await (const batch of readManifest(state, record.id)) {
    for (const { line } of batch) {
      const { subjectId, photo, templateId, version, metadata, problem } = line;
      if (!seqs.delete(line.seq) || problem !== undefined || subjectId === undefined || photo === undefined)
        continue;
      yield {
        subjectId,
        photo,
        ...(templateId !== undefined && { templateId }),
        ...(version !== undefined && line.row !== undefined && { version }),
        ...(metadata !== undefined && { metadata }),
      };
    }
  }
  await assertStillThere(state, record.id);
  if (seqs.size > 0)
    throw new FaultError(
      'state',
      `The list of run ${record.id} lacks ${plural(seqs.size, 'photo')} of its report.`,
    );
}

async function isEmpty(items: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of items) return false;
  return true;
}
