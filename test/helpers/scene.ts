import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReportLine, reportLineSchema } from '../../src/records/report/report-line.ts';
import { type RunRecord, runRecordSchema } from '../../src/records/run-record.ts';
import { type Summary, summarySchema } from '../../src/records/summary.ts';
import { type CommandEnd, type CommandLine, openCommandLine, type RunningCommand } from './command-line.ts';
import { giveQueue } from './embedded-queue.ts';
import { startEngineServer, testCredentials } from './engine-server.ts';
import type { EngineServer } from './engine-server-control.ts';
import type { Credentials } from './engine-server-frame.ts';
import { type HoldUp, watchHoldUps } from './hold-ups.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SceneOptions {
  /** `--queue`; embedded by default. */
  readonly queue?: string | undefined;
  /** Whose pages the engine keeps to; OOTO's by default. */
  readonly language?: 'ooto' | 'verihubs' | undefined;
  readonly credentials?: Credentials;
  readonly latencyInMs?: readonly [number, number];
  /** The state has no queue yet, as before the very first run. */
  readonly isFirst?: boolean;
  /** Its pace is measured: see `holdUps`. */
  readonly isPaced?: boolean;
  /** On top of engine, address, queue, credentials and a pace that is no hindrance. */
  readonly environment?: Environment;
}

/**
 * A folder, an engine and an account of a test's own, and the command line in that folder. What of the program only some
 * tests need in their own process is loaded when they do.
 */
export interface Scene {
  readonly folder: string;
  readonly stateFolder: string;
  readonly engine: EngineServer;
  /** What its commands find: engine, address, queue, credentials. */
  readonly environment: Environment;
  /** A command to its end, in the test's own process. One at a time. */
  run(args: readonly string[], options?: { environment?: Environment }): Promise<CommandEnd>;
  /** A command as a process: to be signalled, killed, piped into or measured, or for several at once. */
  start(
    args: readonly string[],
    options?: { environment?: Environment; input?: string; hostname?: string },
  ): RunningCommand;
  /** When processes whose pace is measured were ready to run and had no core. */
  holdUps(): Promise<readonly HoldUp[]>;
  /** Ids of the runs that there are, the oldest first. */
  runIds(): Promise<string[]>;
  pathOf(runId: string, file: string): string;
  text(runId: string, file: string): Promise<string>;
  record(runId: string): Promise<RunRecord>;
  writeRecord(record: RunRecord): Promise<void>;
  report(runId: string): Promise<ReportLine[]>;
  summary(runId: string): Promise<Summary>;
  /** What the BullMQ queue of dead letters shows. */
  letters(): Promise<unknown[]>;
  close(): Promise<void>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const commandLine: CommandLine = await openCommandLine();
  const home = await makeTemporaryFolder();
  const folder = home.path;
  const stateFolder = join(folder, 'rollcall-data');
  const credentials = options.credentials ?? testCredentials;
  const { latencyInMs = [0, 0], language = 'ooto' } = options;
  const engine = await startEngineServer({ credentials, latencyInMs, language });
  if (!options.isFirst && (options.queue ?? 'embedded') === 'embedded') await giveQueue(stateFolder);
  const watch = options.isPaced ? await watchHoldUps() : undefined;
  const running = new Set<RunningCommand>();
  const settings: Environment = {
    ROLLCALL_ENGINE: language,
    ROLLCALL_ENGINE_URL: engine.url,
    ROLLCALL_QUEUE: options.queue,
    ROLLCALL_RATE: '200',
    ...credentialVariables(language, credentials),
    ...options.environment,
  };
  const start: Scene['start'] = (args, { environment, input, hostname } = {}) => {
    const command = commandLine.start(args, {
      folder,
      environment: { ...settings, ...environment },
      ...(input !== undefined && { input }),
      ...(hostname !== undefined && { hostname }),
    });
    running.add(command);
    watch?.watch(command.pid);
    command.ended.finally(() => running.delete(command));
    return command;
  };
  const pathOf = (runId: string, file: string) => join(stateFolder, 'runs', runId, file);
  const text = (runId: string, file: string) => readFile(pathOf(runId, file), 'utf8');
  return {
    folder,
    stateFolder,
    engine,
    environment: settings,
    start,
    async run(args, given) {
      const { runInThisProcess } = await import('./command-in-process.ts');
      return runInThisProcess(args, { folder, environment: { ...settings, ...given?.environment } });
    },
    holdUps: async () => (await watch?.read()) ?? [],
    async runIds() {
      const ids = await readdir(join(stateFolder, 'runs')).catch(() => []);
      // Ids that were made within a second are in order by chance.
      const begun = async (id: string) => /"createdAt": *"([^"]*)"/.exec(await text(id, 'run.json'))?.[1];
      const runs = ids.map(async (id) => ({ id, at: (await begun(id).catch(() => undefined)) ?? '' }));
      return (await Promise.all(runs))
        .sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at < b.at ? -1 : 1))
        .map(({ id }) => id);
    },
    pathOf,
    text,
    record: async (runId) => runRecordSchema.parse(JSON.parse(await text(runId, 'run.json'))),
    writeRecord: (record) => writeFile(pathOf(record.id, 'run.json'), JSON.stringify(record)),
    report: async (runId) => parseLines(await text(runId, 'report.jsonl')),
    summary: async (runId) => summarySchema.parse(JSON.parse(await text(runId, 'summary.json'))),
    async letters() {
      const { openQueue } = await import('../../src/queue/open-queue.ts');
      const queue = await openQueue({ queue: options.queue ?? 'embedded', stateFolder, onError: () => {} });
      return queue.deadLetters.list(1_000).finally(() => queue.close());
    },
    async close() {
      for (const command of running) command.signal('SIGKILL');
      await Promise.all([...running].map((command) => command.ended));
      await watch?.close();
      await engine.close();
      await home.remove();
    },
  };
}

function credentialVariables(language: 'ooto' | 'verihubs', { appId, appKey }: Credentials): Environment {
  return language === 'ooto'
    ? { OOTO_APP_ID: appId, OOTO_APP_KEY: appKey }
    : { VERIHUBS_APP_ID: appId, VERIHUBS_API_KEY: appKey };
}

export function parseLines(text: string): ReportLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => reportLineSchema.parse(JSON.parse(line)));
}
