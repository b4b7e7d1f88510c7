import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { findModelFiles } from '../engines/local/faces/model-packages.ts';
import { builtInNotice } from '../engines/local.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { isS3Address } from '../storage/s3/s3-address.ts';
import { UsageError } from '../util/errors.ts';
import { isLoopbackHost } from '../util/http/loopback-host.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { say } from './terminal/output.ts';

const examples = `
Examples:
  rollcall engine
      serves OOTO's and Verihubs' calls on http://127.0.0.1:8787
  rollcall engine --chaos '5xx=5%,429=2%,seed=7'
      injects faults, the same ones each time
  rollcall run ./photos --engine local \\
      --engine-url http://127.0.0.1:8787/api/v1.0
  curl -H 'APP-ID: me' -H 'APP-KEY: x' -F photo=@me.jpg \\
      http://127.0.0.1:8787/api/v1.0/identify

Any APP-ID and APP-KEY will do; each APP-ID has its own templates.
SIGTERM drains.`;

export function defineEngine(command: Command): void {
  command.addHelpText('after', examples).action(async (options: Record<string, unknown>) => {
    await withRollcall(options, serveEngine);
  });
  addSettings(command, 'engine');
}

async function serveEngine({ rollcall, signal, interruptExitCode, life }: CommandContext): Promise<number> {
  const { settings, log } = rollcall;
  const { host, port, chaos, allowPrivate } = settings;
  const folder = dataFolder(rollcall);
  findModelFiles();
  const { startLocalEngine, describeServer } = await import('../engines/local/start-local-engine.ts');
  const engine = await startLocalEngine({ folder, listen: { host, port }, chaos, allowPrivate, log });
  if (engine === undefined) {
    throw new UsageError(
      'engine-served',
      `The templates in ${folder} are served by ${await describeServer(folder)}. Use that one, stop it, or give another folder with --data (ROLLCALL_DATA).`,
    );
  }
  try {
    life.end();
    say(builtInNotice);
    if (!isLoopbackHost(host)) say(openToOthers(host));
    say(`Listening on ${engine.address}, templates in ${folder}`);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await engine.close();
  }
  return interruptExitCode();
}

/** @throws UsageError where the state is on S3 and no folder is named */
function dataFolder({ settings, folder }: Rollcall): string {
  if (settings.data !== undefined) return resolve(folder, settings.data);
  if (!isS3Address(settings.state)) return join(settings.state, 'local-engine');
  throw new UsageError(
    'engine-data',
    'The local engine keeps its templates in a folder of this machine: set --data (ROLLCALL_DATA).',
  );
}

const openToOthers = (host: string) =>
  `WARNING: ${host} can be reached from other machines. This server takes any credentials, over plain http: whoever reaches it can read and delete who is enrolled.`;
