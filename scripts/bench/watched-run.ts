import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import type { EngineServerProcess } from '../../test/helpers/engine-server-start.ts';

const sampleEveryInMs = 250;

export interface WatchedRun {
  readonly summary: Readonly<Record<string, unknown>> & { readonly runDir: string; readonly total: number };
  readonly startedAt: number;
  readonly seconds: number;
  readonly peakMemoryInBytes: number;
  /** Of the process itself, not of the embedded server; up to the last look. */
  readonly processorSeconds: number;
  /** The embedded server's data without its write-ahead log, which is bounded by a setting. */
  readonly peakStoreInBytes: number;
}

interface WatchedOptions {
  readonly folder: string;
  readonly engine: EngineServerProcess;
  readonly args: readonly string[];
  /** Besides engine and credentials, such as the address of a store. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts `rollcall run` of the built project in a folder, with the flags of Node.js that this process has (`--cpu-prof`). */
export function startRun({ folder, engine, args, environment = {} }: WatchedOptions) {
  return execa(
    process.execPath,
    [...process.execArgv, join(process.cwd(), 'dist/cli/main.js'), 'run', ...args, '--json'],
    {
      cwd: folder,
      env: {
        ROLLCALL_ENGINE: 'ooto',
        ROLLCALL_ENGINE_URL: engine.url,
        OOTO_APP_ID: testCredentials.appId,
        OOTO_APP_KEY: testCredentials.appKey,
        ...environment,
      },
      reject: false,
    },
  );
}

/** Runs `rollcall run` of the built project in a folder, and looks at its process for as long as it runs. Needs Linux. */
export async function watchedRun(options: WatchedOptions): Promise<WatchedRun> {
  const { folder, args } = options;
  const startedAt = Date.now();
  const run = startRun({ ...options, args: ['--rate', '1000', '--concurrency', '64', ...args] });
  const watch = { isOver: false };
  const watched = watchProcess({ pid: run.pid ?? 0, folder, watch });
  const { stdout, stderr, exitCode } = await run;
  const seconds = (Date.now() - startedAt) / 1000;
  watch.isOver = true;
  const peaks = await watched;
  if (exitCode !== 0) throw new Error(`the run ended with ${exitCode}: ${stderr.slice(-2000)}`);
  return { summary: JSON.parse(stdout), startedAt, seconds, ...peaks };
}

export async function isReportRight({ summary }: WatchedRun): Promise<boolean> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(summary.runDir, 'report.jsonl'))) hash.update(chunk);
  return hash.digest('hex') === summary.reportSha256;
}

export function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}

async function watchProcess(options: { pid: number; folder: string; watch: { isOver: boolean } }) {
  const { pid, folder, watch } = options;
  let peakMemoryInBytes = 0;
  let peakStoreInBytes = 0;
  let processorSeconds = 0;
  while (!watch.isOver) {
    // VmHWM is the peak so far, so that nothing between two looks is missed.
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peakMemoryInBytes = Math.max(peakMemoryInBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    const times =
      (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(') ')[1]?.split(' ') ?? [];
    // User and system time, in hundredths of a second.
    processorSeconds = Math.max(processorSeconds, (Number(times[11]) + Number(times[12])) / 100 || 0);
    peakStoreInBytes = Math.max(peakStoreInBytes, await storeSize(folder));
    await delay(sampleEveryInMs);
  }
  return { peakMemoryInBytes, peakStoreInBytes, processorSeconds };
}

async function storeSize(folder: string): Promise<number> {
  const data = join(folder, 'rollcall-data', 'queue', 'data');
  const entries = await readdir(data, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('pg_wal'))
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
