import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { listRuns, openRollcall, type ReportLine, readRunReport } from 'rollcall';
import { testCredentials } from '../test/helpers/engine-server.ts';
import { type EngineServerProcess, startEngineServerProcess } from '../test/helpers/engine-server-start.ts';
import { type DemoArchive, makeDemoArchive } from './demo-archive.ts';

/**
 * The main job on a small archive of real photos against an engine on this machine, in a folder of its own. To be
 * started in the project's folder. Ends with 0 if everything came out as it should.
 */
const projectFolder = process.cwd();
const demoFolder = join(projectFolder, 'demo-data');
const startedAt = performance.now();

title('1. An archive');
const archive = await makeDemoArchive(join(demoFolder, 'photos'));
tell(`${archive.photos} photos in demo-data/photos: faces cut out of six real group photos, the six group photos
themselves, one face taken sideways, one WebP, and a text file that calls itself .jpg.`);

title('2. An engine on this machine');
const engine = await startEngineServerProcess({ latencyInMs: [150, 400] });
try {
  await directEngine(engine, archive);
  tell(`${engine.url}
The engine here is the test suite's loopback server, which follows OOTO's page; it does not look at faces.
It was told which photos are the groups and refuses them as the page says: code 6. At two other photos it was
told to stumble twice (503), so that you see retries.`);

  title('3. The main job: list, queue, pace, call, retry, set aside, report');
  const exitCode = await rollcall(['run', 'photos', '--engine', 'ooto', '--engine-url', engine.url]);
  const lines = await readLines();

  title('4. The report: one line for every photo. Three of them, shortened');
  for (const line of pick(lines)) tell(`${shorten(line)}\n`);

  title('5. What waits for a person');
  await rollcall(['dead-letters']);

  title('6. What the engine has seen');
  await compare({ lines, exitCode });
  tellHowToGoOn();
} finally {
  await engine.stop();
}

async function directEngine(
  { control }: EngineServerProcess,
  { groups, unlucky }: DemoArchive,
): Promise<void> {
  for (const photo of groups) await control.script(photo, 'code-6');
  for (const photo of unlucky) await control.script(photo, '503x2');
}

/** The command line as its users have it; gives its exit code. */
async function rollcall(args: readonly string[]): Promise<number> {
  tell(`$ rollcall ${args.join(' ')}`);
  const child = spawn(process.execPath, [join(projectFolder, 'dist/cli/main.js'), ...args], {
    cwd: demoFolder,
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [exitCode] = await once(child, 'exit');
  return exitCode ?? -1;
}

/** This process's, without settings that would make the demo another one. */
function environment(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(ROLLCALL|OOTO|VERIHUBS)_/.test(name));
  return {
    ...Object.fromEntries(own),
    OOTO_APP_ID: testCredentials.appId,
    OOTO_APP_KEY: testCredentials.appKey,
  };
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

/** Holds the report against what the engine itself has counted. */
async function compare({
  lines,
  exitCode,
}: {
  lines: readonly ReportLine[];
  exitCode: number;
}): Promise<void> {
  const { calls, templates, worstSecond } = await engine.control.summary();
  const reported = lines.filter((line) => line.status === 'enrolled').map((line) => line.templateId);
  const stored = Object.keys(templates);
  const agrees =
    reported.length === stored.length && reported.every((id) => id !== undefined && id in templates);
  tell(`${calls} calls, at most ${worstSecond} in any second (the limit is 10), ${stored.length} templates stored.
Report and engine ${agrees ? 'agree on every template.' : 'DO NOT AGREE.'}`);
  const isRight = agrees && lines.length === archive.photos && worstSecond <= 10 && exitCode === 1;
  if (!isRight) {
    tell('The demo did not come out as it should.');
    process.exitCode = 1;
  }
}

function tellHowToGoOn(): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  title(`Done in ${seconds} s, and nothing is left running. How to go on`);
  tell(`Exit code 1 of the run above means: finished, and some photos wait for a person.
  cd demo-data && npx rollcall report --format csv       the report for a spreadsheet
  npx rollcall run ./your-photos --engine ooto --dry-run     what your own archive would cost, without a call
  npx rollcall run ./your-photos --engine ooto --limit 20    a first try; credentials: OOTO_APP_ID, OOTO_APP_KEY
  npx rollcall --help                                    everything else; README.md has recipes
Everything the demo made is in demo-data.`);
}

function title(text: string): void {
  tell(`\n== ${text}`);
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
