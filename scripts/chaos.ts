import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type KillFigures, killAndResume } from '../test/chaos/kill-and-resume.ts';
import { openScene } from '../test/chaos/scene.ts';
import { type StoreName, storeNames } from '../test/chaos/stores.ts';
import { killInboxes } from './chaos-inbox.ts';
import { loseParts } from './chaos-losses.ts';
import { killUndos } from './chaos-undo.ts';

// Kills runs at random moments for as long as you like: npm run chaos -- --seeds 100
// Loses random parts of queues instead: npm run chaos -- --losses 200
// Gives an inbox 5,000 photos over HTTP while everything is killed: npm run chaos -- --inbox --photos 5000 --rate 200 --seeds 1
// Undoes a run in the middle of three while it is killed: npm run chaos -- --undo --photos 60 --kills 10 --seeds 5
// Odd seeds at 300 calls a second, where photos share jobs, even ones at 90, where each has its own; --rate for others.
// Prints a row for every run; the exit code is 1 if one of them was not right in the end.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    first: { type: 'string', default: '1' },
    photos: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '20' },
    rate: { type: 'string', multiple: true, default: ['300', '90'] },
    concurrency: { type: 'string', default: '16' },
    losses: { type: 'string' },
    inbox: { type: 'boolean', default: false },
    undo: { type: 'boolean', default: false },
    store: { type: 'string', multiple: true, default: [...storeNames] },
  },
});
const settings = {
  photos: Number(values.photos),
  kills: Number(values.kills),
  rates: values.rate.map(Number),
  concurrency: Number(values.concurrency),
};

const stores = storeNames.filter((name) => values.store.includes(name));
const first = Number(values.first);

console.log(`Node.js ${process.version}, ${cpus().length} cores, ${JSON.stringify(settings)}\n`);
const failures = values.losses
  ? await loseParts({ stores, first, count: Number(values.losses) })
  : values.inbox
    ? await killInboxes({ ...settings, rate: rateOf(1), seeds: seedsToTry(), stores })
    : values.undo
      ? await killUndos({ ...settings, seeds: seedsToTry(), stores })
      : await killRuns();
console.log(failures === 0 ? '\nEvery run ended right.' : `\n${failures} of the runs did not end right.`);
process.exitCode = failures === 0 ? 0 : 1;

async function killRuns(): Promise<number> {
  console.log(
    '| queue | seed | rate | kills | in flight | calls made again | most after one kill | seconds | |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  let failed = 0;
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    for (const store of stores) {
      const result = await tryOnce(store, seed).catch((error: Error) => error);
      if (result instanceof Error) failed += 1;
      console.log(rowOf(store, seed, result));
    }
  }
  return failed;
}

async function tryOnce(store: StoreName, seed: number): Promise<KillFigures> {
  const scene = await openScene({ store, photos: settings.photos });
  try {
    return await killAndResume(scene, { ...settings, seed, rate: rateOf(seed) });
  } finally {
    await scene.close();
  }
}

function seedsToTry() {
  return Array.from({ length: Number(values.seeds) }, (_, index) => first + index);
}

function rateOf(seed: number): number {
  const { rates } = settings;
  return rates[(seed - 1) % rates.length] ?? 0;
}

function rowOf(store: StoreName, seed: number, result: KillFigures | Error): string {
  if (result instanceof Error)
    return `| ${store} | ${seed} | ${rateOf(seed)} | | | | | | ${result.message} |`;
  const { kills, killsInFlight, repeated, mostAfterOneKill, seconds } = result;
  return `| ${store} | ${seed} | ${rateOf(seed)} | ${kills} | ${killsInFlight} | ${repeated} | ${mostAfterOneKill} | ${seconds.toFixed(0)} | right |`;
}
