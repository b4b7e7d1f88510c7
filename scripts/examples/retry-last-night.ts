import { enqueueDeadLetters, listRuns, openRollcall, RollcallError } from 'rollcall';

/**
 * An example for scripts: what ended without a verdict in the last 24 hours (attempts spent, photo not readable) is
 * enqueued once more, one new run for each run that has such photos. What the engine rejected is left alone.
 *
 *   ROLLCALL_ENGINE=ooto … node dist-scripts/scripts/examples/retry-last-night.js
 *
 * Prints the ids of the new runs. They are named after the old ones, so that starting this again, or at the same time
 * on two machines, calls nothing twice.
 */
const oneDayInMs = 24 * 60 * 60 * 1000;

const rollcall = await openRollcall();
try {
  for (const run of await listRuns(rollcall)) {
    const isOfLastNight = Date.now() - Date.parse(run.updatedAt) < oneDayInMs;
    if (run.state !== 'finished' || !isOfLastNight || run.id.endsWith('-again')) continue;
    const runId = `${run.id}-again`;
    const enqueued = await enqueueDeadLetters(rollcall, run, { which: 'failed', runId });
    if (enqueued) console.log(enqueued.runId);
  }
} catch (error) {
  if (!(error instanceof RollcallError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
} finally {
  await rollcall.close();
}
