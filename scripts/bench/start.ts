import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import { makePhoto, writeFiles } from '../../test/helpers/photos.ts';
import { startTestRedis } from '../../test/helpers/redis-server.ts';

/**
 * What a start costs: processor time (user and system) of commands, and of `run` until its first call arrives, in turn
 * and of each the median. Prints Markdown. To be started in the project's folder; needs Linux, bash and redis-server.
 * `--against` takes a revision that is built and measured beside the built project, which is the table's last column.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, against: { type: 'string' } },
});
const run = promisify(execFile);
/** A tick of the processor's clock as /proc counts it. */
const tickInMs = 10;

interface Build {
  readonly name: string;
  readonly main: string;
  /** Its working directory, with photos and a state of its own: formats may differ. */
  readonly folder: string;
}

type Measure = (build: Build) => Promise<number>;

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
  const builds = [await prepare('now', process.cwd())];
  if (values.against !== undefined)
    builds.unshift(await prepare(values.against, await build(values.against)));
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
  printTable(Object.keys(ways), builds, times);
} finally {
  await engine.close();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
}

/** Every way with every build once a round; the first round, which fills caches, is not counted. */
async function measure(ways: Readonly<Record<string, Measure>>, builds: readonly Build[]) {
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

function printTable(ways: readonly string[], builds: readonly Build[], times: Map<string, number[]>): void {
  const [processor] = cpus();
  print(
    `Node.js ${process.version}, ${cpus().length} cores (${processor?.model.trim()}), median of ${values.rounds}\n`,
  );
  const ratio = builds.length > 1 ? ['ratio'] : [];
  print(`| processor time of | ${[...builds.map(({ name }) => name), ...ratio].join(' | ')} |`);
  print(`|${' --- |'.repeat(1 + builds.length + ratio.length)}`);
  for (const way of ways) {
    const medians = builds.map(({ name }) => median(times.get(`${way} ${name}`) ?? []));
    const cells = medians.map((timeInMs) => `${Math.round(timeInMs)} ms`);
    const [before = 0, after = 0] = medians;
    print(`| ${[way, ...cells, ...ratio.map(() => (after / before).toFixed(2))].join(' | ')} |`);
  }
}

/** The revision's own build in a folder of its own, with the packages of this one. Gives its root. */
async function build(revision: string): Promise<string> {
  const root = join(folder, 'against');
  await mkdir(root);
  await run('bash', ['-c', 'git archive "$0" | tar -x -C "$1"', revision, root]);
  await symlink(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  await run('npm', ['run', '--silent', 'build'], { cwd: root });
  return root;
}

/** A photo, and a state in which one run is over: what the commands that show something have to show. */
async function prepare(name: string, root: string): Promise<Build> {
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
async function timeToFirstCall({ main, folder }: Build, queue: string): Promise<number> {
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

function processorTimeOf(pid: number): number {
  // Fields 14 and 15, behind the name in brackets, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickInMs;
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
