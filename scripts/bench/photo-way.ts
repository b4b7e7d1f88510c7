import { spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { parseAccountState } from '../../src/account/account-state.ts';
import type { AccountStore } from '../../src/account/account-store.ts';
import { createRateLimiter } from '../../src/account/create-rate-limiter.ts';
import { createEngine } from '../../src/engines/registry.ts';
import { createByteBudget } from '../../src/photos/byte-budget.ts';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { photosBudgetInBytes } from '../../src/photos/read-within-budget.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { openS3Connection } from '../../src/storage/s3/s3-connection.ts';
import type { WorkContext } from '../../src/worker/photo-task.ts';
import { createSourceWatch } from '../../src/worker/source-watch.ts';
import { workPhoto } from '../../src/worker/work-photo.ts';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import { readOotoEnrollDocument } from '../../test/helpers/seed-documents.ts';
import { makeJob } from '../../test/queue/photo-jobs.ts';
import { settingsOf } from '../../test/runs/run-settings.ts';

/**
 * What a photo costs inside a worker, stage by stage, without a queue: processor time of the main thread and of the whole
 * process, the least of all rounds. Prints Markdown. Needs Linux. `--only` takes a part of a stage's name; for a profile:
 * `node --cpu-prof …/photo-way.js --only whole`.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    photos: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
  },
});
const atOnce = 32;
const files = 200;
const templateId = 'a-template';

/** Takes every request whole and answers as the engine's page shows it, in a process of its own. */
const receiver = `
const answer = process.argv[1];
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.end(answer));
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
process.stdin.on('end', () => process.exit()).resume();
`;
const sample = structuredClone(readOotoEnrollDocument().success);
Object.assign(sample.result, { templateId });
const child = spawn(process.execPath, ['-e', receiver, JSON.stringify(sample)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-photo-'));
const photo = await makePhoto();
const paths = Array.from({ length: files }, (_, index) => join(folder, `p${index}.jpg`));
for (const path of paths) await writeFile(path, photo);

const settings = newRecord({
  id: 'r',
  settings: await settingsOf(),
  subject: { source: { address: folder, sameSubject: 'repeat' }, engine: 'ooto', engineUrl: '', account: '' },
}).settings;
const environment = { OOTO_APP_ID: testCredentials.appId, OOTO_APP_KEY: testCredentials.appKey };
const { engine } = createEngine({ name: 'ooto', url, environment, timeoutInMs: 30_000, concurrency: atOnce });
const reader = createPhotoReader({ rootFolder: folder, allowPrivate: false, timeoutInMs: 30_000 });
const log = { info: () => undefined, warn: () => undefined };
const limiter = createRateLimiter({
  store: openStore(),
  account: 'a',
  ratePerSecond: 10_000,
  concurrency: atOnce,
  processName: 'bench',
  giveUpAfterInMs: 60_000,
  log,
});
const { signal } = new AbortController();
const draining = new AbortController().signal;
// Every photo at work listens.
setMaxListeners(0, draining, signal);
const context: WorkContext = {
  ...{ settings, engine, limiter, readPhoto: reader.read, draining },
  source: createSourceWatch({
    readPhoto: reader.read,
    renew: () => undefined,
    waitInMs: 1,
    giveUp: async () => undefined,
    log,
  }),
  s3: openS3Connection({ pathStyle: true }),
  memory: createByteBudget(photosBudgetInBytes),
  addressOf: async (data) => data.photo,
  readUpload: async () => ({ problem: 'there is none', retryable: false }),
  takeCall: async () => true,
  refusalOf: async () => undefined,
};
const checks = { liveness: false, deepfake: false };
const inspected = await inspectPhoto(photo);
if ('problem' in inspected) throw new Error(inspected.problem);

const stages: Readonly<Record<string, (index: number) => Promise<unknown>>> = {
  'read and hash': (index) => reader.read(pathOf(index), signal),
  inspect: () => inspectPhoto(photo),
  prepare: () => preparePhoto({ photo, inspected, rules: engine.accepts, settings }),
  'wait for a permit': async () => {
    const permit = await limiter.acquire({ runId: 'r', signal });
    permit.sent();
    await permit.done({
      reply: { kind: 'enrolled', httpStatus: 200, templateId },
      photo: 'p',
      attemptsBefore: 0,
    });
  },
  'send and judge': () =>
    engine.enroll({ photo, format: 'jpeg', templateId, checks, settings, signal, onSent: () => undefined }),
  'the whole way': async (index) => {
    // Each job has a signal of its own.
    const job = makeJob(index + 1, { photo: pathOf(index), templateId });
    const result = await workPhoto(job, context, new AbortController().signal);
    if (!('outcome' in result) || result.outcome.status !== 'enrolled')
      throw new Error(JSON.stringify(result));
  },
};

const wanted = Object.entries(stages).filter(([name]) => name.includes(values.only));
const least = new Map<string, Cost>();
try {
  for (const [, stage] of wanted) await repeat(stage, 500);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, stage] of wanted) {
      const cost = await measure(() => repeat(stage, Number(values.photos)));
      const before = least.get(name) ?? cost;
      least.set(name, { main: Math.min(before.main, cost.main), all: Math.min(before.all, cost.all) });
    }
  }
} finally {
  await limiter.close();
  await engine.close();
  child.kill();
  await rm(folder, { recursive: true });
}
const [processor] = cpus();
print(
  `Node.js ${process.version}, ${cpus().length} cores (${processor?.model.trim()}), photos of ${photo.length} bytes\n`,
);
print('| stage | main thread | whole process |\n| --- | --- | --- |');
for (const [name, { main, all }] of least)
  print(`| ${name} | ${main.toFixed(0)} µs | ${all.toFixed(0)} µs |`);

/** Gives slots at once, so that what is measured is the limiter and no store. */
function openStore(): AccountStore {
  let state = parseAccountState('');
  let number = 0;
  return {
    async reserve({ slots }) {
      const now = Date.now();
      const reserved = Array.from({ length: slots }, () => ({ number: ++number, at: now }));
      return { now, slots: reserved, nextNumber: number + 1, retryInMs: 0, state };
    },
    postpone: async () => undefined,
    async change(_account, change) {
      const now = Date.now();
      state = change(state, now);
      return { state, now };
    },
    read: async () => ({ state, now: Date.now() }),
  };
}

/** Microseconds a photo. */
interface Cost {
  readonly main: number;
  readonly all: number;
}

async function measure(work: () => Promise<void>): Promise<Cost> {
  const [mainBefore, before] = [mainThreadInUs(), process.cpuUsage()];
  await work();
  const [main, { user, system }] = [mainThreadInUs() - mainBefore, process.cpuUsage(before)];
  return { main: main / Number(values.photos), all: (user + system) / Number(values.photos) };
}

function mainThreadInUs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ', 1)[0]) / 1000;
}

async function repeat(stage: (index: number) => Promise<unknown>, count: number): Promise<void> {
  let next = 0;
  const goOn = async () => {
    while (next < count) {
      next += 1;
      await stage(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, goOn));
}

function pathOf(index: number): string {
  return paths[index % files] ?? '';
}

/** Noise, which no encoder makes small: some 100 kB. */
function makePhoto(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const picture = sharp({ create: { width: 560, height: 460, channels: 3, background: '#808080', noise } });
  return picture
    .withExif({ IFD0: { Make: 'camera' } })
    .jpeg()
    .toBuffer();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
