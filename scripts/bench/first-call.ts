import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { enqueue, openRollcall, waitForRun } from '../../src/index.ts';
import { startTestRedis } from '../../test/helpers/redis-server.ts';
import { median } from './output.ts';
import { fillFolder } from './photo-folder.ts';

/**
 * How long it takes from the moment that somebody enqueues ten photos until a worker that runs already makes the first
 * call, beside the processor time of that worker while it has nothing to do. Prints JSON. Needs Linux and the built project
 * of the folder it is started in: `node dist-scripts/scripts/bench/first-call.js`.
 *
 * --tries 10   after one that is not counted
 */
const { values } = parseArgs({ options: { tries: { type: 'string', default: '10' } } });
const tries = Number(values.tries);
const photos = 10;
const idleInMs = 10_000;

const folder = await mkdtemp(join(tmpdir(), 'rollcall-first-call-'));
const redis = await startTestRedis();
const answer =
  '{"transactionId":"t","result":{"templateId":"t","face":{"liveness":{"score":1,"fine":true}}}}';
let onCall: (at: number) => void = () => {};
const engine = createServer((request, response) => {
  onCall(performance.now());
  request.resume().on('end', () => response.end(answer));
}).listen(0, '127.0.0.1');
await once(engine, 'listening');
try {
  await fillFolder(join(folder, 'photos'), { photos, sizeInBytes: 100_000 });
  const shown = { redis: await measure(redis.url), embedded: await measure('embedded') };
  process.stdout.write(`${JSON.stringify(shown)}\n`);
} finally {
  engine.close();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
}

async function measure(queue: string) {
  const environment = {
    PATH: process.env.PATH,
    OOTO_APP_ID: 'bench',
    OOTO_APP_KEY: 'bench',
    ROLLCALL_ENGINE: 'ooto',
    ROLLCALL_ENGINE_URL: `http://127.0.0.1:${(engine.address() as AddressInfo).port}`,
    ROLLCALL_QUEUE: queue,
    ROLLCALL_STATE: join(folder, queue === 'embedded' ? 'embedded' : 'redis'),
    ROLLCALL_RATE: '200',
  };
  const main = join(process.cwd(), 'dist', 'cli', 'main.js');
  const worker = spawn(process.execPath, [main, 'worker'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(worker.stderr, 'data');
  worker.stderr.resume();
  const rollcall = await openRollcall({ environment, folder });
  const fromStart: number[] = [];
  const fromEnd: number[] = [];
  try {
    for (let turn = 0; turn <= tries; turn += 1) {
      // At any moment between two looks of the worker.
      await delay(1_000 + 1_000 * Math.random());
      const called = new Promise<number>((resolve) => {
        onCall = resolve;
      });
      const startedAt = performance.now();
      const { runId } = await enqueue(rollcall, 'photos', { alwaysNew: true });
      const enqueuedAt = performance.now();
      const calledAt = await called;
      await waitForRun(rollcall, runId);
      if (turn === 0) continue;
      fromStart.push(calledAt - startedAt);
      fromEnd.push(calledAt - enqueuedAt);
    }
    await delay(5_000);
    const before = processorInMs(worker.pid ?? 0);
    await delay(idleInMs);
    const idle = (processorInMs(worker.pid ?? 0) - before) / (idleInMs / 1000);
    return {
      medianInMs: Math.round(median(fromStart)),
      medianFromEndInMs: Math.round(median(fromEnd)),
      longestInMs: Math.round(Math.max(...fromStart)),
      idleInMsPerSecond: idle,
    };
  } finally {
    await rollcall.close();
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
}

/** User and system time, in hundredths of a second. */
function processorInMs(pid: number): number {
  const times = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(times[11]) + Number(times[12]));
}
