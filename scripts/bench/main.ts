import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type Build, buildOf, thisBuild } from './builds.ts';
import { describeMachine, median, print, printTable } from './output.ts';
import { type Figures, type Part, parts } from './parts.ts';

/**
 * `npm run bench`: all benchmarks whose figures docs/benchmarks.md shows, on this machine, in turn, of the built project and
 * of another commit beside it. Prints Markdown. To be started in the project's folder; needs Linux.
 *
 * --only redis,night     some of the parts of parts.ts
 * --full                 all of them in their full size: 20 minutes, and as much again with --against
 * --against <commit>     builds and measures it, too
 * --rounds 1             each round does every way once; figures are medians
 * --photos, --rows       another size
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    full: { type: 'boolean', default: false },
    against: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    photos: { type: 'string' },
    rows: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  print(
    `npm run bench -- [--only ${Object.keys(parts).join(',')}] [--full] [--against <commit>] [--rounds 1] [--photos n] [--rows n]`,
  );
  process.exit();
}
const sizes = {
  full: values.full,
  photos: values.photos === undefined ? undefined : Number(values.photos),
  rows: values.rows === undefined ? undefined : Number(values.rows),
};

const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-builds-'));
try {
  const chosen = choose();
  const withScripts = chosen.some((part) => part.of === 'sources');
  const { against } = values;
  const before = against === undefined ? [] : [await buildOf(against, { folder, withScripts })];
  const builds = [...before, thisBuild()];
  print(`Measured on ${new Date().toISOString().slice(0, 10)}: ${await describeMachine()}.`);
  for (const part of chosen) {
    await show(part, part.of === 'neither' ? [thisBuild()] : builds).catch((error) => {
      // The others may have taken half an hour.
      process.exitCode = 1;
      print(`\nIt failed: ${error}`);
    });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function choose(): Part[] {
  const names = values.only?.split(',');
  const unknown = names?.find((name) => !(name in parts));
  if (unknown !== undefined)
    throw new Error(`"${unknown}" is no part; there are ${Object.keys(parts).join(', ')}`);
  return Object.entries(parts).flatMap(([name, part]) =>
    (names?.includes(name) ?? (values.full || !part.isLong)) ? [part] : [],
  );
}

async function show(part: Part, builds: readonly Build[]): Promise<void> {
  const args = part.args(sizes).map(String);
  print(
    `\n### ${part.title}\n\n\`node dist-scripts/scripts/bench/${[`${part.script}.js`, ...args].join(' ')}\``,
  );
  const measured = new Map<Build, Figures[]>();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const build of builds)
      measured.set(build, [...(measured.get(build) ?? []), await measureIfThere(part, build, args)]);
  }
  const columns = builds.map((build) => middleOf(measured.get(build) ?? []));
  const withRatio = builds.length > 1;
  print('');
  printTable(
    ['', ...builds.map(({ name }) => name), ...(withRatio ? ['ratio'] : [])],
    Object.keys(columns.at(-1) ?? {}).map((name) => {
      const figures = columns.map((column) => column[name] ?? 'not measured');
      return [name, ...figures.map(write), ...(withRatio ? [ratioOf(figures)] : [])];
    }),
  );
}

/** Another commit may not have yet what is measured: then there is nothing to compare with. */
async function measureIfThere(part: Part, build: Build, args: readonly string[]): Promise<Figures> {
  try {
    return await measure(part, build, args);
  } catch (error) {
    if (build.name !== values.against) throw error;
    const reason = String(error)
      .split('\n')
      .find((line) => /^\w*Error\b(?!: Command failed)/.test(line));
    print(`\nNot at ${build.name}: ${reason ?? error}`);
    return {};
  }
}

/** In the build's folder, whose program is started; where sources are measured, by the script that is compiled with them. */
async function measure(part: Part, build: Build, args: readonly string[]): Promise<Figures> {
  const script =
    part.of === 'sources'
      ? join(build.root, 'dist-scripts', 'scripts', 'bench', `${part.script}.js`)
      : fileURLToPath(new URL(`./${part.script}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
    cwd: build.root,
    maxBuffer: 1e8,
  });
  return part.read(stdout);
}

/** The median of each figure over the rounds. */
function middleOf(rounds: readonly Figures[]): Figures {
  const [first = {}] = rounds;
  return Object.fromEntries(
    Object.entries(first).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : median(rounds.map((figures) => Number(figures[name]))),
    ]),
  );
}

function ratioOf([before, now]: readonly (number | string)[]): string {
  return typeof before === 'number' && typeof now === 'number' ? (now / before).toFixed(2) : '';
}

function write(figure: number | string): string {
  return typeof figure === 'string' ? figure : String(Number(figure.toPrecision(3)));
}
