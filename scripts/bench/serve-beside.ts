import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RunList } from '../../src/serve/api/runs.ts';
import { openBenchScene } from './bench-scene.ts';
import { fillFolder } from './photo-folder.ts';

/**
 * What `rollcall serve` beside a run at full speed costs the run, while somebody has the run's page open: the same run
 * without and with it, in turn. Prints JSON: photos a second of each, the share that is lost (the middle of the pairs), and
 * the processor time of the server, as part of one core. Needs Linux and the built project of the folder it is started
 * in: `node dist-scripts/scripts/bench/serve-beside.js`.
 *
 * --photos 12000
 * --pairs 3
 */
const { values } = parseArgs({
  options: { photos: { type: 'string', default: '12000' }, pairs: { type: 'string', default: '3' } },
});
const photos = Number(values.photos);
const token = 'token-of-the-benchmark';

const scene = await openBenchScene();
try {
  await fillFolder(`${scene.folder}/few`, { photos: 10, sizeInBytes: 1000 });
  await fillFolder(`${scene.folder}/photos`, { photos, sizeInBytes: 100_000 });
  await writeFile(join(scene.folder, 'token'), token, { mode: 0o600 });
  await scene.run({ source: 'few', queue: 'redis' });
  const alone: number[] = [];
  const watched: number[] = [];
  const serverShare: number[] = [];
  for (let pair = 0; pair < Number(values.pairs); pair += 1) {
    // Whichever comes first finds the machine otherwise than the second.
    const order = pair % 2 === 0 ? [false, true] : [true, false];
    const inMs = { alone: 0, watched: 0 };
    for (const isWatched of order) {
      const { seconds, processInMs } = isWatched ? await besideServer() : await plain();
      (isWatched ? watched : alone).push(photos / seconds);
      if (isWatched) inMs.watched = processInMs / seconds;
      else inMs.alone = processInMs / seconds;
    }
    serverShare.push((inMs.watched - inMs.alone) / 1000);
  }
  const lost = alone.map((perSecond, at) => 1 - (watched[at] ?? 0) / perSecond);
  const shown = {
    receiver: scene.receiver.name,
    photos,
    alonePerSecond: alone.map(Math.round),
    watchedPerSecond: watched.map(Math.round),
    lostShare: middle(lost),
    serverOfACore: middle(serverShare),
  };
  process.stdout.write(`${JSON.stringify(shown)}\n`);
} finally {
  await scene.close();
}

function plain() {
  return scene.run({ source: 'photos', queue: 'redis' });
}

async function besideServer() {
  const port = await freePort();
  const leaving = new AbortController();
  const looking = look(`http://127.0.0.1:${port}/api/v1`, leaving.signal);
  try {
    const serve = ['serve', '--port', String(port), '--token-file', 'token'];
    return await scene.run({ source: 'photos', queue: 'redis', besides: [serve] });
  } finally {
    leaving.abort();
    await looking;
  }
}

/** What the page of a run does: its events, as they come. */
async function look(api: string, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  while (!signal.aborted) {
    try {
      const reply = await fetch(`${api}/runs?limit=50`, { headers, signal });
      const { runs } = (await reply.json()) as RunList;
      const run = runs.find(({ state }) => state === 'active' || state === 'listing');
      if (run)
        for await (const _ of (await fetch(`${api}/events?run=${run.id}`, { headers, signal })).body ?? []);
    } catch {
      // It is not there yet, or not any more.
    }
    await delay(100);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function middle(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(3));
}
