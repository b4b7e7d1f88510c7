import { openQueue } from '../../src/queue/open-queue.ts';
import { processName } from '../../src/util/process-name.ts';

// A worker that takes jobs and never finishes one: to be killed. Arguments: queue, state folder, run.
const [queue = '', stateFolder = '', runId = ''] = process.argv.slice(2);
const backend = await openQueue({ queue, stateFolder, onError: (error) => console.error(error.message) });
let started = 0;
backend.openWorker({
  runId,
  concurrency: 4,
  workerName: processName(),
  onError: (error) => console.error(error.message),
  work: () => {
    started += 1;
    if (started === 4) console.log(processName());
    return new Promise(() => undefined);
  },
});
