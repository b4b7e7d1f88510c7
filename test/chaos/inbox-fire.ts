import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import {
  closeInbox,
  listRuns,
  openInbox,
  openRollcall,
  type ReportLine,
  type Rollcall,
  readRunReport,
  waitForRun,
} from '../../src/index.ts';
import { listPictures } from '../../src/records/inbox/picture.ts';
import { lookAtInbox } from '../../src/runs/inbox/look-at-inbox.ts';
import { createSeededRandom } from '../helpers/engine-server-calls.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { startS3Server } from '../helpers/s3-server.ts';
import { until } from '../helpers/until.ts';
import { type Client, giveTwice, type Taken } from './inbox-client.ts';
import { subjectOf } from './photo-folder.ts';
import type { RollcallProcess } from './rollcall-process.ts';
import { openScene, type Scene } from './scene.ts';
import type { StoreName } from './stores.ts';

export interface FireOptions {
  readonly store: StoreName;
  /** The state is on S3; default: on disk. */
  readonly isOnS3: boolean;
  readonly photos: number;
  /** Photos a second, over all clients, each given twice. */
  readonly perSecond: number;
  /** Calls a second. */
  readonly rate: number;
  readonly kills: number;
  readonly seed: number;
}

/** What it took, once all of it was proved to be right. */
export interface FireFigures {
  readonly runs: number;
  readonly kills: number;
  /** Requests that were not answered 202, and were made again. */
  readonly again: number;
  /** Calls beyond one a photo. */
  readonly repeated: number;
  readonly seconds: number;
}

const inbox = 'door';
const clients = 4;
/** Of a client. */
const requestsAtOnce = 8;
const dayInMs = 24 * 3_600_000;
/** Every so many photos one is rejected: its picture is kept. */
const rejectedEvery = 50;

/**
 * Four clients give photos over HTTP, half of them by their path and half with their picture, each twice with the same
 * key, while the server, workers and the conductor are killed, the queue is wiped, and the inbox is rolled over twice.
 * Proves that each photo has one line, under the run and number that was answered; that nobody was enrolled but those; that the
 * rate held; and that no picture is left but those of dead letters.
 */
export async function inboxUnderFire(options: FireOptions): Promise<FireFigures> {
  const { photos, kills, rate, seed, store, isOnS3 } = options;
  const s3 = isOnS3 ? await startS3Server() : undefined;
  const scriptOf = (index: number) => (index % rejectedEvery === 0 ? 'code-5' : 'ok');
  const scene = await openScene({ store, photos, scriptOf, latencyInMs: [5, 20] });
  try {
    await s3?.createBucket('state');
    const environment = {
      ...scene.environment,
      ...s3?.environment,
      ...(s3 && { ROLLCALL_STATE: 's3://state/rollcall' }),
      ROLLCALL_RATE: `${rate}`,
    };
    const rollcall = await openRollcall({ environment, settings: { logLevel: 'silent' } });
    try {
      return await fire({
        scene,
        rollcall,
        environment,
        photos,
        kills,
        rate,
        options,
        random: createSeededRandom(seed),
      });
    } finally {
      await rollcall.close();
    }
  } finally {
    await scene.close();
    await s3?.close();
  }
}

async function fire({
  scene,
  rollcall,
  environment,
  photos,
  kills,
  rate,
  options,
  random,
}: {
  scene: Scene;
  rollcall: Rollcall;
  environment: Readonly<Record<string, string>>;
  photos: number;
  kills: number;
  rate: number;
  options: FireOptions;
  random: () => number;
}): Promise<FireFigures> {
  const begunAt = performance.now();
  await openInbox(rollcall, { name: inbox, maxWaiting: photos });
  const tokenFile = join(scene.photosFolder, '..', 'token');
  const token = 'the-token-of-the-inbox-under-fire';
  await writeFile(tokenFile, token, { mode: 0o600 });
  const port = await freePort();
  const start = {
    server: () =>
      scene.start(
        ['serve', '--port', `${port}`, '--token-file', tokenFile, '--allow-root', scene.photosFolder],
        { environment },
      ),
    worker: () => scene.start(['worker'], { environment }),
  };
  const living = { server: start.server(), workers: [start.worker(), start.worker()] };

  const client: Client = { address: `http://127.0.0.1:${port}`, token, inbox, again: 0 };
  const taken = new Map<number, Taken>();
  /** Photos up to here may be given: those behind wait until what is to happen in between has begun. */
  let open = 0;
  const giving = Promise.all(
    Array.from({ length: clients }, async (_, number) => {
      const atOnce = pLimit(requestsAtOnce);
      const given: Promise<void>[] = [];
      for (let index = number + 1; index <= photos; index += clients) {
        await until(() => index <= open, { limitInMs: 600_000, what: `the turn of photo ${index}` });
        given.push(atOnce(() => giveOne(index)));
        await delay((clients / options.perSecond) * 1_000);
      }
      await Promise.all(given);
    }),
  );
  giving.catch(() => {});

  async function giveOne(index: number): Promise<void> {
    const subjectId = subjectOf(index);
    const photo = join(scene.photosFolder, `${subjectId}.jpg`);
    const given = index % 2 === 0 ? { subjectId, photo } : { subjectId, picture: await readFile(photo) };
    taken.set(index, await giveTwice(client, `key-${index}`, given));
  }

  const moments = [
    ...Array.from({ length: kills }, (_, number) => ({ at: (number + random()) / kills, what: 'kill' })),
    ...[0.3, 0.7].map((at) => ({ at, what: 'roll' })),
    { at: 0.5, what: 'wipe' },
  ].sort((one, other) => one.at - other.at);
  const nextGate = (from: number) =>
    Math.floor(photos * (moments.slice(from).find(({ what }) => what !== 'kill')?.at ?? 1));
  open = nextGate(0);
  let wipedAt: Date | undefined;
  for (const [number, { at, what }] of moments.entries()) {
    const enough = Math.floor(at * 0.9 * photos);
    const reached = () => taken.size >= enough;
    await Promise.race([until(reached, { limitInMs: 600_000, what: `${enough} photos taken in` }), giving]);
    open = nextGate(number + 1);
    if (what === 'kill') await killOne(number);
    else if (what === 'roll') await rollOver(rollcall);
    else {
      await scene.store.wipe();
      wipedAt = new Date();
    }
  }
  await giving;
  await closeInbox(rollcall, inbox);
  const figures = await prove();
  return { ...figures, kills, again: client.again, seconds: (performance.now() - begunAt) / 1_000 };

  async function killOne(number: number): Promise<void> {
    const which = number % 3;
    if (which === 0) {
      await living.server.kill();
      living.server = start.server();
      return;
    }
    const conductor = which === 1 ? undefined : await conductorOf(rollcall, living.workers);
    const victim = conductor ?? living.workers[Math.floor(random() * living.workers.length)];
    await victim?.kill();
    living.workers = [...living.workers.filter((worker) => worker !== victim), start.worker()];
  }

  async function prove(): Promise<Pick<FireFigures, 'runs' | 'repeated'>> {
    const runs = (await listRuns(rollcall)).filter(({ source }) => source === `inbox:${inbox}`);
    assert.ok(runs.length >= 3, `two roll-overs make three runs, not ${runs.length}`);
    const lines: ReportLine[] = [];
    for (const { id } of runs) {
      await waitForRun(rollcall, id);
      for await (const line of readRunReport(rollcall, id)) lines.push(line);
    }
    assert.equal(lines.length, photos, 'each photo has one line');
    const bySubject = new Map(lines.map((line) => [line.subjectId, line]));
    assert.equal(bySubject.size, photos, 'no photo is there twice');
    for (const [index, answer] of taken) {
      const line = bySubject.get(subjectOf(index));
      assert.deepEqual({ run: line?.run, seq: line?.seq }, answer, `the line of photo ${index}`);
      const status = index % rejectedEvery === 0 ? 'rejected' : 'enrolled';
      assert.equal(line?.status, status, `photo ${index}: ${JSON.stringify(line)}`);
    }
    const kept = (
      await Promise.all(runs.map(async ({ id }) => [...(await listPictures(rollcall.state, id))]))
    ).flat();
    const needed = lines.filter(({ status, photo }) => status === 'rejected' && photo?.startsWith('inbox:'));
    assert.deepEqual(kept.sort(), needed.map(({ photo }) => photo ?? '').sort(), 'pictures that are left');
    const calls = await scene.engine.control.calls();
    const holdUps = await scene.holdUps();
    // A queue that lost everything does not know what was called in the second before.
    const isBefore = ({ arrivedAt }: { arrivedAt: string }) => !wipedAt || new Date(arrivedAt) <= wipedAt;
    provePace({ calls: calls.filter(isBefore), rate, holdUps });
    provePace({ calls: calls.filter((call) => !isBefore(call)), rate, holdUps });
    return { runs: runs.length, repeated: calls.length - photos };
  }
}

async function rollOver(rollcall: Rollcall): Promise<void> {
  const { state } = rollcall;
  const { run } = await lookAtInbox(state, inbox);
  await openInbox(rollcall, { name: inbox, rollInMs: 1, maxWaiting: 1_000_000 });
  await until(async () => {
    const now = (await lookAtInbox(state, inbox)).run;
    return now !== undefined && now !== run;
  });
  await openInbox(rollcall, { name: inbox, rollInMs: dayInMs, maxWaiting: 1_000_000 });
}

async function conductorOf(rollcall: Rollcall, workers: readonly RollcallProcess[]) {
  const { run } = await lookAtInbox(rollcall.state, inbox);
  const holder = await (await rollcall.queue()).leases.holder(`run-${run}`).catch(() => undefined);
  return workers.find(({ pid }) => holder?.split(':')[1] === `${pid}`);
}

/** The server has the same address whenever it is started. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
