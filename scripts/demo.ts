import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { listRuns, openRollcall, type ReportLine, readRunReport } from 'rollcall';
import { type Expected, makeDemoArchive, makeVisitor } from './demo-archive.ts';

/**
 * The main job on a small archive of real photos, on the defaults: into the local engine, in a folder of its own. To be
 * started in the project's folder. Ends with 0 if every line of the report is as it should be.
 *
 * --serve   shows the page of it afterwards, until Ctrl-C
 */
const projectFolder = process.cwd();
const demoFolder = join(projectFolder, 'demo-data');
const reportFile = join(demoFolder, 'report.html');
const { values: options } = parseArgs({ options: { serve: { type: 'boolean', default: false } } });
const startedAt = performance.now();

title('1. An archive');
const archive = await makeDemoArchive(join(demoFolder, 'photos'));
tell(`${archive.photos} real photos in demo-data/photos: faces cut out of six group photos, one of these people a second
time, the six group photos themselves, one photo taken sideways, one WebP, one without a face, one with a face too small,
one that is cut off, and a text file that calls itself .jpg.`);

title('2. The main job, on the defaults: list, queue, pace, call, set aside failures, report');
tell('No engine is named: the local one finds and recognises the faces, here on your machine.');
const exitCode = await rollcall(['run', 'photos', '--new']);
const lines = await readLines();

title('3. The report: one line for every photo. Three of them, shortened');
for (const line of pick(lines)) tell(`${shorten(line)}\n`);

title('4. What needs attention');
await rollcall(['dead-letters']);

title('5. Is it right?');
compare();

title('6. Who is this?');
await makeVisitor(join(demoFolder, 'visitors'));
tell(
  'Another photo of somebody in the archive, seen in a mirror, smaller and darker. It is named after who it is:',
);
if ((await rollcall(['identify', 'visitors'], checkVisitor)) !== 0) process.exitCode = 1;

title('7. To be shown: the same as a page');
await rm(reportFile, { force: true });
const reportCode = await rollcall(['report', '--format', 'html', '--output', 'report.html']);
if (reportCode !== 0) process.exitCode = 1;
tell(`One file that needs no network. Open it: ${reportFile}`);
tellHowToGoOn();
if (options.serve) {
  title('The page of it, live, until you press Ctrl-C. Open the address');
  await servePage();
}

/** The command line as its users have it; gives its exit code. `look` is given what it printed. */
async function rollcall(args: readonly string[], look: (output: string) => void = () => {}): Promise<number> {
  tell(`$ rollcall ${args.join(' ')}`);
  const child = spawn(process.execPath, [join(projectFolder, 'dist/cli/main.js'), ...args], {
    cwd: demoFolder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
  });
  const [exitCode] = await once(child, 'close');
  look(output);
  return exitCode ?? -1;
}

/** On the terminal itself: elsewhere the address is printed without the token. */
async function servePage(): Promise<void> {
  // Ctrl-C is the page's: this process ends after it.
  process.on('SIGINT', () => {});
  const child = spawn(process.execPath, [join(projectFolder, 'dist/cli/main.js'), 'serve'], {
    cwd: demoFolder,
    env: environment(),
    stdio: 'inherit',
  });
  await once(child, 'close');
}

function checkVisitor(output: string): void {
  const isRight = /\tmatch\t.*\tits own template$/m.test(output);
  tell(isRight ? 'Right: it is the template of that person.' : 'WRONG: that is somebody else.');
  if (!isRight) process.exitCode = 1;
}

/** This process's, without settings that would make the demo another one. */
function environment(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(ROLLCALL|OOTO|VERIHUBS)_/.test(name));
  return Object.fromEntries(own);
}

async function readLines(): Promise<ReportLine[]> {
  const opened = await openRollcall({ folder: demoFolder, environment: {} });
  try {
    const lines: ReportLine[] = [];
    const [newest] = await listRuns(opened);
    if (newest) for await (const line of readRunReport(opened, newest.id)) lines.push(line);
    return lines;
  } finally {
    await opened.close();
  }
}

function pick(lines: readonly ReportLine[]): ReportLine[] {
  const picked = [
    lines.find((line) => line.status === 'enrolled' && line.warnings !== undefined),
    lines.find((line) => line.status === 'rejected'),
    lines.find((line) => line.status === 'failed'),
  ];
  return picked.filter((line) => line !== undefined);
}

/** Engines say a great deal about a face; here the start will do. */
function shorten(line: ReportLine): string {
  const { quality, face, ...rest } = line;
  return JSON.stringify({ ...rest, ...(quality && { quality: '…' }), ...(face && { face: '…' }) });
}

/** Holds every line against what is known of its photo. */
function compare(): void {
  const wrong = [...archive.expected].filter(([path, expected]) => {
    const found = lines.filter((line) => relative(archive.folder, line.photo ?? '') === path);
    return found.length !== 1 || !found.every((line) => isAsExpected(line, expected));
  });
  for (const [path] of wrong) tell(`WRONG: ${path}`);
  const isRight = wrong.length === 0 && lines.length === archive.photos && exitCode === 1;
  tell(
    isRight
      ? `All ${lines.length} lines are right: who is alone on a photo is enrolled, groups have code 6, no face is code 5, one too
small is code 9, the cut-off photo is code 4, and the text file failed without a call.`
      : 'The demo did not give the expected result.',
  );
  if (!isRight) process.exitCode = 1;
}

function isAsExpected(line: ReportLine, { status, code, warning }: Expected): boolean {
  const hasCode = code === undefined || line.error?.code === code;
  const hasWarning = warning === undefined || (line.warnings ?? []).some((one) => one === warning);
  return line.status === status && hasCode && hasWarning;
}

function tellHowToGoOn(): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  title(`Done in ${seconds} s, and nothing is left running. How to go on`);
  tell(`Exit code 1 of the run above means: finished, and some photos need attention.
  npm run demo -- --serve            the same, and then its page, live
  npx rollcall report --state demo-data/rollcall-data --format csv
                                     the report for a spreadsheet
  npx rollcall run ./your-photos     your own photos into the local engine,
                                     without an account
With an account, and its credentials in OOTO_APP_ID and OOTO_APP_KEY:
  npx rollcall run ./your-photos --engine ooto --dry-run
                                     how many calls, how long; without a call
  npx rollcall run ./your-photos --engine ooto --limit 20
                                     a first try
  npx rollcall --help                everything else; README.md has recipes
Everything the demo made is in demo-data, the templates of its faces too (local-engine).`);
}

function title(text: string): void {
  tell(`\n== ${text}`);
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
