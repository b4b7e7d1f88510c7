import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { listRuns, openRollcall, waitForRun } from '../../src/index.ts';
import { fillFolder } from './photo-folder.ts';
import { startReceiver } from './receiver.ts';
import { megabytes } from './watched-run.ts';

/**
 * A day of an inbox: photos come one after another through one process that takes in and go through one worker, while the
 * inbox is rolled over again and again. What is left of it: runs, files, memory, and what `status` costs. Prints JSON. Needs
 * Linux and the built project of the folder it is started in: `node dist-scripts/scripts/bench/inbox-day.js`.
 *
 * --photos 100000
 * --roll 10s        in place of an hour
 */
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '100000' },
    roll: { type: 'string', default: '10s' },
  },
});
const photos = Number(values.photos);

const folder = await mkdtemp(join(tmpdir(), 'rollcall-inbox-day-'));
const archive = join(folder, 'photos');
const state = join(folder, 'state');
const receiver = await startReceiver(folder);
const environment = {
  PATH: process.env.PATH,
  OOTO_APP_ID: 'bench',
  OOTO_APP_KEY: 'bench',
  ROLLCALL_ENGINE: 'ooto',
  ROLLCALL_ENGINE_URL: receiver.url,
  ROLLCALL_STATE: state,
  ROLLCALL_RATE: '10000',
  ROLLCALL_CONCURRENCY: '32',
};
const started: ChildProcess[] = [];
try {
  await fillFolder(archive, { photos, sizeInBytes: 10_000 });
  process.stdout.write(`${JSON.stringify(await measure())}\n`);
} finally {
  for (const each of started) each.kill('SIGKILL');
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<Readonly<Record<string, number>>> {
  await end(start(['inbox', 'open', 'door', '--roll', values.roll]));
  const worker = start(['worker']);
  const workerMemory = watchMemory(worker);
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1_000;
  const adding = start(['inbox', 'add', 'door', '-', '--json']);
  const addingMemory = watchMemory(adding);
  await Promise.all([give(adding), end(adding)]);
  const takenIn = seconds();
  await end(start(['inbox', 'close', 'door']));
  const rollcall = await openRollcall({ environment, folder });
  try {
    const runs = await listRuns(rollcall);
    let enrolled = 0;
    for (const { id } of runs) {
      const ended = await waitForRun(rollcall, id);
      if (ended.kind === 'over') enrolled += ended.summary.byStatus.enrolled ?? 0;
    }
    const wholeDay = seconds();
    if (enrolled !== photos) throw new Error(`${enrolled} of ${photos} photos are enrolled`);
    const status = await timed(['status']);
    const all = await timed(['status', '--all']);
    await end(start(['inbox', 'open', 'door']));
    // Whoever takes in next reads the keys of the day.
    const next = await timed([
      'inbox',
      'add',
      'door',
      '--subject',
      'late',
      '--photo',
      join(archive, '1.jpg'),
    ]);
    const [lists, kept] = [await sizeOf(join(state, 'inboxes')), await sizeOf(join(state, 'runs'))];
    return {
      ...{ runs: runs.length, takenIn, wholeDay, photosPerSecond: photos / wholeDay },
      ...{ addingPeakInMB: megabytes(addingMemory()), workerPeakInMB: megabytes(workerMemory()) },
      ...{
        listFiles: lists.files,
        listsInMB: megabytes(lists.bytes),
        listBytesPerPhoto: lists.bytes / photos,
      },
      ...{ runFiles: kept.files, runsInMB: megabytes(kept.bytes), runBytesPerPhoto: kept.bytes / photos },
      ...{ statusLines: status.lines, statusSeconds: status.seconds, statusAllLines: all.lines },
      ...{ nextSeconds: next.seconds, nextPeakInMB: megabytes(next.peakInBytes) },
    };
  } finally {
    await rollcall.close();
  }
}

function start(args: readonly string[]): ChildProcess {
  const main = join(process.cwd(), 'dist', 'cli', 'main.js');
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: environment,
    stdio: [...stdio],
  });
  started.push(child);
  // Whoever is not listened to waits with all that it does.
  child.stdout?.resume();
  child.stderr?.resume();
  return child;
}

/** What it said, once it has ended well. */
async function end(child: ChildProcess): Promise<string> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout = `${stdout}${chunk}`.slice(-100_000);
  });
  child.stderr?.on('data', (chunk) => {
    stderr = `${stderr}${chunk}`.slice(-10_000);
  });
  const [exitCode] = await once(child, 'exit');
  if (exitCode !== 0)
    throw new Error(`${child.spawnargs.slice(2).join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

async function give({ stdin }: ChildProcess): Promise<void> {
  for (let number = 0; number < photos; number += 1) {
    const name = String(number).padStart(7, '0');
    const photo = {
      subjectId: `employee-${name}`,
      photo: join(archive, `photos-${name}.jpg`),
      key: `visit-${name}`,
    };
    if (stdin?.write(`${JSON.stringify(photo)}\n`) === false) await once(stdin, 'drain');
  }
  stdin?.end();
}

async function timed(args: readonly string[]) {
  const begun = performance.now();
  const child = start(args);
  const memory = watchMemory(child);
  const said = await end(child);
  return {
    lines: said.trimEnd().split('\n').length,
    seconds: (performance.now() - begun) / 1_000,
    peakInBytes: memory(),
  };
}

/** The peak of a process up to the last look. */
function watchMemory({ pid }: ChildProcess): () => number {
  let peak = 0;
  const look = async () => {
    while (true) {
      try {
        peak =
          1_024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) ||
          peak;
      } catch {
        return;
      }
      await delay(50);
    }
  };
  void look();
  return () => peak;
}

async function sizeOf(place: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  let bytes = 0;
  for (const { parentPath, name } of files) bytes += (await stat(join(parentPath, name))).size;
  return { files: files.length, bytes };
}
