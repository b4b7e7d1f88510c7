import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CommandLine, openCommandLine } from '../helpers/command-line.ts';
import { writeFiles } from '../helpers/photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

/** Notes every file that Node.js loads as a module, and at the end those that were required. */
const loader = `
import { appendFileSync } from 'node:fs';
export async function load(url, context, nextLoad) {
  appendFileSync(new URL('loaded.txt', import.meta.url), url + '\\n');
  return nextLoad(url, context);
}`;
const preload = `
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
register('./loader.mjs', import.meta.url);
const { cache } = createRequire(import.meta.url);
process.on('exit', () => appendFileSync(new URL('loaded.txt', import.meta.url), Object.keys(cache).join('\\n')));`;

let folder: TemporaryFolder;
let commandLine: CommandLine;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  commandLine = await openCommandLine();
  await writeFiles(folder.path, { 'loader.mjs': loader, 'preload.mjs': preload });
});
afterAll(() => folder.remove());

/** The packages of which a command loads anything. */
async function packagesOf(args: readonly string[]): Promise<Set<string>> {
  const place = join(folder.path, 'loaded.txt');
  await writeFiles(folder.path, { 'loaded.txt': '' });
  const environment = { NODE_OPTIONS: `--import ${pathToFileURL(join(folder.path, 'preload.mjs')).href}` };
  const { exitCode, stderr } = await commandLine.run(args, { folder: folder.path, environment });
  expect(exitCode, stderr).toBe(0);
  const files = (await readFile(place, 'utf8')).split('\n');
  return new Set(
    files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/.][^/]*)/.exec(file)?.[1] ?? []),
  );
}

it.each(['--help', '--version'])(
  'rollcall %s loads no package but the one that reads flags',
  async (flag) => {
    expect(await packagesOf([flag])).toEqual(new Set(['commander']));
  },
);

it('help of a command loads what describes settings, and nothing that the command does', async () => {
  const packages = await packagesOf(['run', '--help']);
  for (const heavy of ['undici', 'pino', 'sharp', 'bullmq', 'ioredis', 'pg', 'fastify', 'prom-client'])
    expect(packages).not.toContain(heavy);
});

it.each(['status', 'prune --older-than 1d', 'schedule list'])(
  '%s loads no queue, no HTTP client and no decoder',
  async (command) => {
    const packages = await packagesOf(command.split(' '));
    expect(packages).toContain('zod');
    const heavy = ['undici', 'sharp', 'bullmq', 'ioredis', 'pg', 'fastify', 'tinypool', '@aws-sdk/client-s3'];
    heavy.push('prom-client', '@opentelemetry/api');
    for (const one of heavy) expect(packages).not.toContain(one);
  },
);
