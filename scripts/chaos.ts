import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type KillFigures, killAndResume } from '../test/chaos/kill-and-resume.ts';
import { openScene } from '../test/chaos/scene.ts';
import { type StoreName, storeNames } from '../test/chaos/stores.ts';

// Kills runs at random moments for as long as you like: npm run chaos -- --seeds 100
// Prints a row for every run; the exit code is 1 if one of them was not right in the end.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    first: { type: 'string', default: '1' },
    photos: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '20' },
    rate: { type: 'string', default: '300' },
    concurrency: { type: 'string', default: '16' },
    store: { type: 'string', multiple: true, default: [...storeNames] },
  },
});
const settings = {
  photos: Number(values.photos),
  kills: Number(values.kills),
  rate: Number(values.rate),
  concurrency: Number(values.concurrency),
};

console.log(`Node.js ${process.version}, ${cpus().length} cores, ${JSON.stringify(settings)}\n`);
console.log('| queue | seed | kills | in flight | calls made again | most after one kill | seconds | |');
console.log('|---|---|---|---|---|---|---|---|');
let failures = 0;
for (let seed = Number(values.first); seed < Number(values.first) + Number(values.seeds); seed += 1) {
  for (const store of storeNames.filter((name) => values.store.includes(name))) {
    const result = await tryOnce(store, seed).catch((error: Error) => error);
    if (result instanceof Error) failures += 1;
    console.log(rowOf(store, seed, result));
  }
}
console.log(failures === 0 ? '\nEvery run ended right.' : `\n${failures} of the runs did not end right.`);
process.exitCode = failures === 0 ? 0 : 1;

async function tryOnce(store: StoreName, seed: number): Promise<KillFigures> {
  const scene = await openScene({ store, photos: settings.photos });
  try {
    return await killAndResume(scene, { ...settings, seed });
  } finally {
    await scene.close();
  }
}

function rowOf(store: StoreName, seed: number, result: KillFigures | Error): string {
  if (result instanceof Error) return `| ${store} | ${seed} | | | | | | ${result.message} |`;
  const { kills, killsInFlight, repeated, mostAfterOneKill, seconds } = result;
  return `| ${store} | ${seed} | ${kills} | ${killsInFlight} | ${repeated} | ${mostAfterOneKill} | ${seconds.toFixed(0)} | right |`;
}
