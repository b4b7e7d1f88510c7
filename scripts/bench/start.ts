import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import { makePhoto, writeFiles } from '../../test/helpers/photos.ts';
import { startTestRedis } from '../../test/helpers/redis-server.ts';
import { type Build, buildOf, thisBuild } from './builds.ts';
import { describeMachine, median, print, printTable } from './output.ts';
import { processorTimeOf } from './processor-time.ts';

/**
 * What a start costs: processor time (user and system) of commands, and of `run` until its first call arrives, in turn
 * and of each the median. Prints Markdown. To be started in the project's folder; needs Linux, bash and redis-server.
 * `--against` takes a revision that is built and measured beside the built project, which is the table's last column.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, against: { type: 'string' } },
});
const run = promisify(execFile);

interface Prepared {
  readonly name: string;
  readonly main: string;
  /** Its working directory, with photos and a state of its own: formats may differ. */
  readonly folder: string;
}

type Measure = (build: Prepared) => Promise<number>;

const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-start-'));
const redis = await startTestRedis();
const engine = await startEngine();
const credentials = { OOTO_APP_ID: testCredentials.appId, OOTO_APP_KEY: testCredentials.appKey };
const environment = {
  PATH: process.env.PATH,
  ...credentials,
  ROLLCALL_ENGINE: 'ooto',
  ROLLCALL_ENGINE_URL: engine.url,
};

try {
  const builds = [await prepare(thisBuild())];
  if (values.against !== undefined) builds.unshift(await prepare(await buildOf(values.against, { folder })));
  const ways: Readonly<Record<string, Measure>> = {
    'Node.js alone': ({ folder }) => timeOf(['-e', '0'], folder),
    '`--version`': ({ main, folder }) => timeOf([main, '--version'], folder),
    '`--help`': ({ main, folder }) => timeOf([main, '--help'], folder),
    '`run --help`': ({ main, folder }) => timeOf([main, 'run', '--help'], folder),
    '`status`': ({ main, folder }) => timeOf([main, 'status'], folder),
    '`report`': ({ main, folder }) => timeOf([main, 'report'], folder),
    '`dead-letters`': ({ main, folder }) => timeOf([main, 'dead-letters'], folder),
    '`run` until its first call, on Redis': (build) => timeToFirstCall(build, redis.url),
    '`run` until its first call, on the embedded queue': (build) => timeToFirstCall(build, 'embedded'),
  };
  const times = await measure(ways, builds);
  await show(Object.keys(ways), builds, times);
} finally {
  await engine.close();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
}

/** Every way with every build once a round; the first round, which fills caches, is not counted. */
async function measure(ways: Readonly<Record<string, Measure>>, builds: readonly Prepared[]) {
  const times = new Map<string, number[]>();
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const [way, measureOnce] of Object.entries(ways)) {
      for (const build of builds) {
        const key = `${way} ${build.name}`;
        const timeInMs = await measureOnce(build);
        if (round > 0) times.set(key, [...(times.get(key) ?? []), timeInMs]);
      }
    }
  }
  return times;
}

async function show(ways: readonly string[], builds: readonly Prepared[], times: Map<string, number[]>) {
  print(`${await describeMachine()}; median of ${values.rounds}\n`);
  const ratio = builds.length > 1 ? ['ratio'] : [];
  const rows = ways.map((way) => {
    const medians = builds.map(({ name }) => median(times.get(`${way} ${name}`) ?? []));
    const [before = 0, after = 0] = medians;
    const cells = medians.map((timeInMs) => `${Math.round(timeInMs)} ms`);
    return [way, ...cells, ...ratio.map(() => (after / before).toFixed(2))];
  });
  printTable(['processor time of', ...builds.map(({ name }) => name), ...ratio], rows);
}

/** A photo, and a state in which one run is over: what the commands that show something have to show. */
async function prepare({ name, root }: Build): Promise<Prepared> {
  const build = { name, main: join(root, 'dist', 'cli', 'main.js'), folder: join(folder, `in-${name}`) };
  await writeFiles(build.folder, { 'photos/emp-1.jpg': await makePhoto() });
  await mkdir(join(build.folder, 'none'));
  const args = ['run', 'none', '--allow-empty', '--queue', redis.url];
  await run(process.execPath, [build.main, ...args], { cwd: build.folder, env: environment });
  return build;
}

/** User and system, of a process and those it waited for. */
async function timeOf(args: readonly string[], cwd: string): Promise<number> {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" > /dev/null';
  const { stderr } = await run('bash', ['-c', script, 'bash', process.execPath, ...args], {
    cwd,
    env: environment,
  });
  const [user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return (user + system) * 1000;
}

/** The process alone, without the embedded server's. */
async function timeToFirstCall({ main, folder }: Prepared, queue: string): Promise<number> {
  const args = [main, 'run', 'photos', '--new', '--queue', queue, '--state', `state-${queue.slice(0, 5)}`];
  const child = spawn(process.execPath, args, { cwd: folder, env: environment, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => Promise.reject(new Error(`a run ended with ${code} and no call`)));
  const timeInMs = await Promise.race([engine.firstCallOf(child.pid ?? 0), failed]);
  failed.catch(() => {});
  await ended;
  return timeInMs;
}

/** Says that the credentials are wrong, so that a run ends with its first call; notes the caller's processor time. */
async function startEngine() {
  let onCall = () => {};
  const server = createServer((request, response) => {
    onCall();
    request.resume().on('end', () => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ transactionId: '0', result: { status: 'error', code: 401, info: '' } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1.0`,
    firstCallOf: (pid: number) =>
      new Promise<number>((resolve) => {
        onCall = () => resolve(processorTimeOf(pid));
      }),
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
