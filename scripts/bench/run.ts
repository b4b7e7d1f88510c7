import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { createEngine } from '../../src/engines/registry.ts';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import { startEngineServerProcess } from '../../test/helpers/engine-server-start.ts';
import { makePhoto } from '../../test/helpers/photos.ts';
import { startTestRedis } from '../../test/helpers/redis-server.ts';

const callsInFlight = 32;

export interface RunResult {
  readonly way: string;
  /** All of it: start of the process, listing, calls, report. */
  readonly photosPerSecond: number;
  readonly seconds: number;
}

/** The same folder into the same engine, with no limit of pace: with a queue, and with none. */
export async function benchRun(options: {
  folder: string;
  photos: number;
  rounds: number;
  cli: string;
}): Promise<RunResult[]> {
  const { folder, photos, rounds, cli } = options;
  await rm(folder, { recursive: true, force: true });
  await fillFolder(join(folder, 'photos'), photos);
  const engine = await startEngineServerProcess();
  const redis = await startTestRedis();
  const environment = {
    PATH: process.env.PATH,
    OOTO_APP_ID: testCredentials.appId,
    OOTO_APP_KEY: testCredentials.appKey,
    ROLLCALL_ENGINE: 'ooto',
    ROLLCALL_ENGINE_URL: engine.url,
    ROLLCALL_RATE: '10000',
    ROLLCALL_CONCURRENCY: `${callsInFlight}`,
  };
  const rollcall = (state: string, queue: string) => () =>
    runProgram([cli, 'run', 'photos', '--new', '--state', state, '--queue', queue], folder, environment);
  const ways = {
    'no queue: a plain loop': () => plainLoop(join(folder, 'photos'), environment),
    'rollcall, Redis': rollcall('state-redis', redis.url),
    'rollcall, embedded PostgreSQL': rollcall('state-embedded', 'embedded'),
  };
  const measured: RunResult[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const [way, run] of Object.entries(ways)) {
        const startedAt = performance.now();
        await run();
        const seconds = (performance.now() - startedAt) / 1000;
        measured.push({ way, photosPerSecond: photos / seconds, seconds });
      }
    }
  } finally {
    await engine.stop();
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  }
  return measured;
}

async function fillFolder(folder: string, photos: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const photo = await makePhoto();
  for (let number = 0; number < photos; number += 1) await writeFile(join(folder, `p${number}.jpg`), photo);
}

async function runProgram(args: readonly string[], cwd: string, env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, [...args], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [exitCode] = await once(child, 'exit');
  if (exitCode !== 0) throw new Error(`rollcall ended with ${exitCode}`);
}

/** What a script without a queue would do: no resume, no pace, no retries, a line a photo that is not synced. */
async function plainLoop(folder: string, environment: Record<string, string | undefined>): Promise<void> {
  const url = environment.ROLLCALL_ENGINE_URL;
  const { engine } = createEngine({
    name: 'ooto',
    url,
    environment,
    timeoutInMs: 30_000,
    concurrency: callsInFlight,
  });
  const limit = pLimit(callsInFlight);
  const { signal } = new AbortController();
  const checks = { liveness: false, deepfake: false };
  const enroll = async (name: string) => {
    const photo = await readFile(join(folder, name));
    const templateId = engine.templateIdFor(name);
    const onSent = () => {};
    const reply = await engine.enroll({ photo, format: 'jpeg', templateId, checks, signal, onSent });
    await appendFile(join(folder, '..', 'plain.jsonl'), `${JSON.stringify({ name, reply })}\n`);
  };
  await Promise.all((await readdir(folder)).map((name) => limit(() => enroll(name))));
  await engine.close();
}
