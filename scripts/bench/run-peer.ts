import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BenchScene, callsInFlight } from './bench-scene.ts';

const run = promisify(execFile);

/** The peers as they lie in the project; those in TypeScript are compiled beside this file. */
const [sources, compiled] = ['../../../scripts/bench/peers/', './peers/'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);

/** Ways to send a folder of photos without rollcall, each a file to be read; the command that starts it. */
export const peers: Readonly<Record<string, readonly string[]>> = {
  'raw loop': [process.execPath, `${compiled}raw-loop.js`],
  'naive BullMQ, fetch and FormData': [process.execPath, `${compiled}naive-bullmq.js`],
  'Celery and requests': ['python3', `${sources}celery_enroll.py`],
  'xargs and curl': ['sh', `${sources}xargs-curl.sh`],
};

const celeryProcesses = 4 * availableParallelism();

/** Why a peer cannot be measured here; undefined: it can. */
export async function whyNot(peer: string): Promise<string | undefined> {
  if (!peer.startsWith('Celery')) return undefined;
  return run('python3', ['-c', 'import celery, redis, requests']).then(
    () => undefined,
    () => 'left out: needs python3 with celery, redis and requests',
  );
}

/**
 * Sends the scene's folder `photos`. Processor time is that of the command and of all that it waited for.
 * @throws where not every photo was answered
 */
export async function runPeer(
  { folder, receiver, redisUrl }: BenchScene,
  peer: string,
): Promise<{ seconds: number; processInMs: number }> {
  const report = join(folder, 'peer.jsonl');
  await rm(report, { force: true });
  const inFlight = peer.startsWith('Celery') ? celeryProcesses : callsInFlight;
  const photos = join(folder, 'photos');
  const args = [photos, `${receiver.url}/add`, String(inFlight), report, redisUrl];
  const timed = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null';
  // Its input is a socket, for which bash would read ~/.bashrc.
  const { stderr } = await run('bash', ['--norc', '-c', timed, 'bash', ...(peers[peer] ?? []), ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 1e8,
  });
  const answered = (await readFile(report, 'utf8')).match(/"transactionId"/g)?.length;
  if (answered !== (await readdir(photos)).length)
    throw new Error(`${peer}: ${answered} photos were answered`);
  const [seconds = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds, processInMs: (user + system) * 1000 };
}
