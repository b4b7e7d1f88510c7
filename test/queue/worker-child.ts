import { openQueue } from '../../src/queue/open-queue.ts';
import { processName } from '../../src/util/process-name.ts';

// A worker that finishes the first photos and no other: to be killed. Arguments: queue, state folder, run, how many.
const [queue = '', stateFolder = '', runId = '', finishes = '0'] = process.argv.slice(2);
const backend = await openQueue({ queue, stateFolder, onError: (error) => console.error(error.message) });
let started = 0;
backend.openWorker({
  runId,
  concurrency: 4,
  workerName: processName(),
  onError: (error) => console.error(error.message),
  work: ({ data }) => {
    started += 1;
    if (started === 4 + Number(finishes)) console.log(processName());
    return data.seq <= Number(finishes)
      ? Promise.resolve({ outcome: { seq: data.seq } })
      : new Promise(() => undefined);
  },
});
