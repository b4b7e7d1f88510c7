import { parseArgs } from 'node:util';
import { openBenchScene } from './bench-scene.ts';
import { fillFolder } from './photo-folder.ts';
import { peers, runPeer, whyNot } from './run-peer.ts';

/**
 * Other ways to send a folder of photos, each a file in peers/, beside rollcall on Redis: the same photos of 100 kB to the
 * same receiver, in turn, starts included. Prints JSON: for each way photos a second, and milliseconds of processor time a
 * photo without that of Redis; or why it was left out. Needs Linux, bash, curl and the built project of the folder it is
 * started in: `node dist-scripts/scripts/bench/peers.js`.
 *
 * --photos 1000
 */
const { values } = parseArgs({ options: { photos: { type: 'string', default: '1000' } } });
const photos = Number(values.photos);

const scene = await openBenchScene();
try {
  await fillFolder(`${scene.folder}/photos`, { photos, sizeInBytes: 100_000 });
  const ways: Record<string, unknown> = {};
  for (const peer of Object.keys(peers)) {
    const reason = await whyNot(peer);
    ways[peer] = reason ?? figuresOf(await runPeer(scene, peer));
  }
  ways['rollcall, Redis'] = figuresOf(await scene.run({ source: 'photos', queue: 'redis' }));
  process.stdout.write(`${JSON.stringify({ receiver: scene.receiver.name, photos, ways })}\n`);
} finally {
  await scene.close();
}

function figuresOf({ seconds, processInMs }: { seconds: number; processInMs: number }) {
  return { perSecond: photos / seconds, inMs: processInMs / photos };
}
