import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileSource } from './compiled-source.ts';
import { createEngineServerControl, type EngineServerControl } from './engine-server-control.ts';

export interface EngineServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly control: EngineServerControl;
  stop(): Promise<void>;
}

/** Starts the engine server as a process of its own (engine-server-process.ts), from its compiled copy. */
export async function startEngineServerProcess(
  options: { port?: number; latencyInMs?: readonly [number, number]; seed?: number } = {},
): Promise<EngineServerProcess> {
  const [least, most] = options.latencyInMs ?? [0, 0];
  const settings = [
    '--port',
    options.port ?? 0,
    '--latency-in-ms',
    `${least}..${most}`,
    '--seed',
    options.seed ?? 1,
  ];
  const file = (await compileSource()).pathOf('test/helpers/engine-server-process.ts');
  const child = spawn(process.execPath, [file, ...settings.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [url] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    exited.then(([code]) => Promise.reject(new Error(`the engine server ended with ${code}`))),
  ]);
  return {
    url,
    pid: child.pid ?? 0,
    control: createEngineServerControl(url),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
