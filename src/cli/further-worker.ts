import { once } from 'node:events';
import { openAssistance } from '../runs/assist-runs.ts';
import { noteSeenWork } from '../runs/metrics/seen-work.ts';
import { openRollcall } from '../runs/open-rollcall.ts';
import { farewellInMs } from './command-context.ts';
import { type FurtherWorkerMessage, type FurtherWorkerWord, ratesOfRuns } from './further-worker-message.ts';
import { exitCodeFor } from './run-command-line.ts';

// A further process of `--processes`: works on the runs that the process which started it names, with the settings that it
// finds in its environment, until it is told to end, or that process is gone.

process.on('uncaughtException', (error) => process.exit(exitCodeFor(error)));

const interrupt = new AbortController();
const end = new AbortController();
let graceInMs = 0;
let noted: ReturnType<typeof noteSeenWork> | undefined;

/** Whatever hangs, this process ends soon after the grace period. */
function drain(): void {
  if (interrupt.signal.aborted) return;
  interrupt.abort(new Error('interrupted'));
  end.abort();
  setTimeout(() => process.exit(1), graceInMs + farewellInMs).unref();
}

// A terminal interrupts all processes of a command; the one that started this one says what follows.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
// A service manager terminates them all: that, too, is meant once.
process.on('SIGTERM', drain);
process.on('disconnect', () => {
  // It ended before this one could: it was interrupted twice, or its own time was over.
  if (interrupt.signal.aborted) process.exit(1);
  drain();
});

const opening = openRollcall({
  signal: interrupt.signal,
  rateIsCeiling: !process.argv.includes(ratesOfRuns),
});
const assisting = opening.then(async (rollcall) => {
  graceInMs = rollcall.settings.grace;
  await rollcall.registration();
  noted = rollcall.settings.health && noteSeenWork((seen) => say({ seen }));
  return openAssistance({ ...rollcall, watch: noted?.watch }, interrupt.signal);
});

function say(word: FurtherWorkerWord): void {
  if (process.connected) process.send?.(word, () => {});
}

process.on('message', (message: FurtherWorkerMessage) => {
  if (message.kind === 'drain') drain();
  else if (message.kind === 'end') end.abort();
  else assisting.then((assistance) => assistance[message.kind](message.runId)).catch(() => {});
});

try {
  const assistance = await assisting;
  if (!end.signal.aborted) await once(end.signal, 'abort');
  await assistance.end();
} catch (error) {
  if (error !== interrupt.signal.reason) process.exitCode = exitCodeFor(error);
} finally {
  noted?.close();
  await opening.then((rollcall) => rollcall.close()).catch(() => {});
  // Nothing more is waited for.
  process.channel?.unref();
}
