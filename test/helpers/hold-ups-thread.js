import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

// Looks every few milliseconds whether it, or a process that it watches, was ready to run and had no core. A thread of
// its own, so that what the tests' own thread does is not taken for that.

const lookEveryInMs = 20;
/** Less than this is how any machine divides its cores. */
const leastInMs = 3;

/** @type {import('./hold-ups.ts').HoldUp[]} */
const holdUps = [];
/** How long each process had waited for a core when it was last looked at. @type {Map<number, number | undefined>} */
const waited = new Map();
let lookedAt = now();

setInterval(() => {
  const from = lookedAt;
  lookedAt = now();
  note({ from, to: lookedAt, inMs: lookedAt - from - lookEveryInMs });
  for (const [pid, before] of waited) {
    const waitedInMs = readWaitInMs(pid);
    if (waitedInMs === undefined) waited.delete(pid);
    else waited.set(pid, waitedInMs);
    if (before !== undefined && waitedInMs !== undefined)
      note({ pid, from, to: lookedAt, inMs: waitedInMs - before });
  }
}, lookEveryInMs);

parentPort?.on('message', (message) => {
  if (typeof message === 'number') waited.set(message, undefined);
  else parentPort?.postMessage(holdUps);
});

function now() {
  return performance.timeOrigin + performance.now();
}

/** @param {import('./hold-ups.ts').HoldUp} holdUp */
function note(holdUp) {
  if (holdUp.inMs >= leastInMs) holdUps.push(holdUp);
}

/**
 * For how long a process's main thread was ready and had no core. Linux alone says it, and not of a process that ended.
 * @param {number} pid
 */
function readWaitInMs(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return undefined;
  }
}
