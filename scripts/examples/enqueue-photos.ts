import { resolve } from 'node:path';
import {
  enqueue,
  type GivenPhoto,
  openRollcall,
  RollcallError,
  readRunReport,
  workInProcess,
} from 'rollcall';

/**
 * An example for scripts: enqueue the photos named on the command line, await their run, and read its report.
 *
 *   ROLLCALL_ENGINE=ooto OOTO_APP_ID=… OOTO_APP_KEY=… node dist-scripts/scripts/examples/enqueue-photos.js emp-17=new/17.jpg emp-18=new/18.jpg
 *
 * Each argument is `subjectId=photo`. Settings come from the environment or `rollcall.config.json`, as for the command
 * line. Prints one line a photo; ends with 1 if one of them needs attention.
 */
const photos: GivenPhoto[] = process.argv.slice(2).map((argument) => {
  const [subjectId = '', photo = ''] = argument.split(/=(.*)/s);
  return { subjectId, photo: resolve(photo), metadata: { enqueuedBy: 'enqueue-photos' } };
});

const rollcall = await openRollcall();
try {
  // An array, or anything that can be iterated, also asynchronously: rows of a database cursor, say.
  const { runId } = await enqueue(rollcall, photos);

  // Does the work here. Where `rollcall worker` runs already: await waitForRun(rollcall, runId)
  const end = await workInProcess(rollcall, runId);
  if (end.kind !== 'over') throw new Error(`Run ${runId} is not over yet: ${end.kind}`);

  for await (const { subjectId, status, templateId, error } of readRunReport(rollcall, runId)) {
    console.log([subjectId, status, templateId ?? error?.message].join('\t'));
  }
  process.exitCode = end.summary.notEnrolled > 0 ? 1 : 0;
} catch (error) {
  // A wrong setting, a fault of queue or state: `message` says what to fix, `code` is stable.
  if (!(error instanceof RollcallError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
} finally {
  await rollcall.close();
}
