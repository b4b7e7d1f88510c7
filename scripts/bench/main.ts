import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchMultipart } from './multipart.ts';
import { benchRun } from './run.ts';

/** Measures side by side, in turn, on this machine; prints Markdown. To be started in the project's folder. */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, photos: { type: 'string', default: '2000' } },
});
const rounds = Number(values.rounds);
const photos = Number(values.photos);
const [processor] = cpus();

print(
  `Node.js ${process.version}, ${cpus().length} cores (${processor?.model.trim()}), median of ${rounds} rounds\n`,
);

print('Sending a photo of 100 kB, 50 calls in flight\n');
const calls = group(await benchMultipart(rounds), (result) => result.way);
table(
  ['way', 'calls/s', 'lowest–highest', 'processor time a call', 'ratio'],
  calls.map(([way, results]) => {
    const cpu = `${median(results.map((result) => result.cpuPerCallInMs)).toFixed(2)} ms`;
    return { way, speeds: results.map((result) => result.callsPerSecond), extra: [cpu] };
  }),
);

print(
  `\n${photos} small photos from a folder, 32 calls in flight, no limit of pace, start and report included\n`,
);
const cli = join(process.cwd(), 'dist/cli/main.js');
const runs = await benchRun({ folder: join(process.cwd(), 'demo-data', 'bench'), photos, rounds, cli });
table(
  ['way', 'photos/s', 'lowest–highest', 'ratio'],
  group(runs, (result) => result.way).map(([way, results]) => ({
    way,
    speeds: results.map((result) => result.photosPerSecond),
    extra: [],
  })),
);

/** Ratios are to the last row. */
function table(head: string[], rows: { way: string; speeds: number[]; extra: string[] }[]): void {
  const base = median(rows.at(-1)?.speeds ?? [1]);
  print(`| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`);
  for (const { way, speeds, extra } of rows) {
    const range = `${Math.min(...speeds).toFixed(0)}–${Math.max(...speeds).toFixed(0)}`;
    const cells = [way, median(speeds).toFixed(0), range, ...extra, (median(speeds) / base).toFixed(2)];
    print(`| ${cells.join(' | ')} |`);
  }
}

function group<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
