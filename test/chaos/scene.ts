import { join } from 'node:path';
import { builtProgram } from '../helpers/command-line.ts';
import { testCredentials } from '../helpers/engine-server.ts';
import { type EngineServerProcess, startEngineServerProcess } from '../helpers/engine-server-start.ts';
import { type HoldUp, watchHoldUps } from '../helpers/hold-ups.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { writePhotos } from './photo-folder.ts';
import { preferToEverything } from './prefer.ts';
import { type RollcallProcess, startRollcall } from './rollcall-process.ts';
import { openStore, type Store, type StoreName } from './stores.ts';

/** An archive, an engine in a process of its own, and a store for the queue. */
export interface Scene {
  /** How many photos the archive has. */
  readonly photos: number;
  readonly photosFolder: string;
  readonly stateFolder: string;
  readonly engine: EngineServerProcess;
  readonly store: Store;
  /** When its processes were ready to run and had no core. */
  holdUps(): Promise<readonly HoldUp[]>;
  /** One that its processes started counts among them from now on. */
  watch(pid: number): void;
  /** What the command line finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts the command line, or a program that takes its place. */
  start(
    args: readonly string[],
    options?: { program?: string; environment?: Readonly<Record<string, string>> },
  ): RollcallProcess;
  /** Ends what is still running, and removes everything. */
  close(): Promise<void>;
}

export async function openScene(options: {
  store: StoreName;
  photos: number;
  /** What the engine answers to photo number `index`; `ok` by default. */
  scriptOf?: (index: number) => string;
  latencyInMs?: readonly [number, number];
}): Promise<Scene> {
  const { photos, scriptOf, latencyInMs = [40, 80] } = options;
  const folder = await makeTemporaryFolder();
  const stateFolder = join(folder.path, 'state');
  const photosFolder = join(folder.path, 'photos');
  const [watch, engine, store, program] = await Promise.all([
    watchHoldUps(),
    startEngineServerProcess({ latencyInMs }),
    openStore(options.store, stateFolder),
    builtProgram(),
    writePhotos(photosFolder, { count: photos, ...(scriptOf && { scriptOf }) }),
  ]);
  preferToEverything(engine.pid);
  watch.watch(engine.pid);
  const environment = {
    ROLLCALL_ENGINE: 'ooto',
    ROLLCALL_ENGINE_URL: engine.url,
    ROLLCALL_STATE: stateFolder,
    ROLLCALL_QUEUE: store.queue,
    OOTO_APP_ID: testCredentials.appId,
    OOTO_APP_KEY: testCredentials.appKey,
  };
  const started: RollcallProcess[] = [];
  return {
    photos,
    photosFolder,
    stateFolder,
    engine,
    store,
    environment,
    holdUps: watch.read,
    watch: watch.watch,
    start(args, options = {}) {
      const child = startRollcall(options.program ?? program, args, {
        ...environment,
        ...options.environment,
      });
      started.push(child);
      watch.watch(child.pid);
      return child;
    },
    async close() {
      await Promise.all(started.filter((child) => child.isRunning).map((child) => child.kill()));
      await watch.close();
      await store.close();
      await engine.stop();
      await folder.remove();
    },
  };
}
