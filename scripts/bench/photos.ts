import { parseArgs } from 'node:util';
import { openBenchScene } from './bench-scene.ts';

import { fillFolder } from './photo-folder.ts';
import { runPeer } from './run-peer.ts';

/**
 * The way of a photo: a folder of photos into a receiver that answers at once, with no limit of pace, 32 calls in flight;
 * by one process, by two, and by the plain loop of peers/raw-loop.ts, in turn. Start, list and report are part of it.
 * Prints JSON: photos a second; milliseconds of processor time a photo, of rollcall's processes and, apart, of the queue's
 * server; and rollcall's photos a second, the loop's being 1. Needs Linux and the built project of the folder it is started
 * in: `node dist-scripts/scripts/bench/photos.js`.
 *
 * --queue redis       or embedded
 * --photos 12000
 * --size-in-kb 100    of a photo
 */
const { values } = parseArgs({
  options: {
    queue: { type: 'string', default: 'redis' },
    photos: { type: 'string', default: '12000' },
    'size-in-kb': { type: 'string', default: '100' },
  },
});
const photos = Number(values.photos);
const queue = values.queue === 'embedded' ? 'embedded' : 'redis';

const scene = await openBenchScene();
try {
  await fillFolder(`${scene.folder}/few`, { photos: 10, sizeInBytes: 1000 });
  await fillFolder(`${scene.folder}/photos`, { photos, sizeInBytes: Number(values['size-in-kb']) * 1000 });
  // Makes the queue, and has the program in memory.
  await scene.run({ source: 'few', queue });
  const loop = await runPeer(scene, 'raw loop');
  const one = await scene.run({ source: 'photos', queue });
  const two = await scene.run({ source: 'photos', queue, besides: [['worker']] });
  const shown = {
    receiver: scene.receiver.name,
    queue,
    photos,
    loopPerSecond: photos / loop.seconds,
    loopInMs: loop.processInMs / photos,
    onePerSecond: photos / one.seconds,
    oneInMs: one.processInMs / photos,
    oneStoreInMs: one.storeInMs / photos,
    oneOfLoop: loop.seconds / one.seconds,
    twoPerSecond: photos / two.seconds,
    twoInMs: two.processInMs / photos,
    twoStoreInMs: two.storeInMs / photos,
    twoOfLoop: loop.seconds / two.seconds,
  };
  process.stdout.write(`${JSON.stringify(shown)}\n`);
} finally {
  await scene.close();
}
