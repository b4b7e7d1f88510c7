import type { RunProgress } from '../conductor/conducting.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Settings } from '../settings/schema.ts';
import type { Source } from '../sources/source.ts';
import { graceSignal } from '../util/grace-signal.ts';
import { processName } from '../util/process-name.ts';
import { createPreflight } from '../worker/preflight/preflight.ts';
import { openPhotoReader } from './open-photo-reader.ts';
import type { OpenEngine, Rollcall } from './open-rollcall.ts';
import { type RunEnd, workOnRun } from './work-on-run.ts';

/** A few seconds of work: enough to keep workers busy between two collections, small for the queue's store. */
const windowInSeconds = 4;

/** This process's part in a run, whoever started it. */
export async function joinRun(
  rollcall: Rollcall,
  options: {
    record: RunRecord;
    opened: OpenEngine;
    openSource: (record: RunRecord) => Promise<Source>;
    signal: AbortSignal;
    onProgress?: ((progress: RunProgress) => void) | undefined;
  },
): Promise<RunEnd> {
  const { settings, state, log } = rollcall;
  const { record, opened, signal, openSource, onProgress = () => {} } = options;
  const backend = await rollcall.queue();
  await opened.ready();
  const preflight = record.settings.preflight
    ? createPreflight(await rollcall.faceReader(), record)
    : undefined;
  const { allowPrivate } = record.settings;
  const reader = openPhotoReader(rollcall, { rootFolder: record.rootFolder, allowPrivate });
  const grace = graceSignal(signal, settings.grace);
  const registration = await rollcall.registration();
  registration.join(record);
  let isOver = false;
  try {
    const end = await workOnRun({
      state,
      backend,
      record,
      signal,
      log,
      openSource,
      onProgress,
      engine: opened.engine,
      limiter: await rollcall.limiter(record.account),
      readPhoto: reader.read,
      s3: rollcall.s3,
      preflight,
      concurrency: settings.concurrency,
      timeoutInMs: settings.timeout,
      hurry: grace.signal,
      processName: processName(),
      window: windowFor(settings),
    });
    isOver = end.kind !== 'interrupted';
    return end;
  } finally {
    grace.clear();
    await registration.leave(record.id, { isOver });
    await reader.close();
  }
}

function windowFor({ rate, concurrency }: Settings): number {
  return concurrency + Math.min(5_000, Math.max(200, Math.ceil(rate * windowInSeconds)));
}
