import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAccountClient } from '../../src/account/account-client.ts';
import { resumeAccount } from '../../src/account/account-pause.ts';
import { processSeen } from '../../src/account/account-state.ts';
import { createReplyRecorder } from '../../src/account/record-reply.ts';
import { isDoubtful, photosToPause } from '../../src/account/whose-fault.ts';
import type { EngineReply, RefusedReply } from '../../src/engines/engine.ts';
import type { PhotoJobData } from '../../src/records/photo-job-data.ts';
import { countReply, judgeReply } from '../../src/worker/judge-reply.ts';
import type { PhotoTask } from '../../src/worker/photo-task.ts';
import { putInDoubt, settleRefusal } from '../../src/worker/settle-refusal.ts';
import { createMemoryAccountStore } from '../account/memory-account-store.ts';
import { randomInputs } from '../helpers/long.ts';

/**
 * Random histories: photos that a firewall always refuses among healthy ones, keys that are wrong at a start or are revoked
 * in its midst, a name server that is away for a while, one or two processes with keys of their own, replies that come back in any order, kills. What decides is
 * the program's own; the world, the queue and the invariants are the model.
 */

type Hit = 'refused' | 'denied' | 'strange' | undefined;

interface ModelPhoto {
  readonly seq: number;
  readonly hit: Hit;
  tries: PhotoJobData['tries'];
  priority: number;
  order: number;
  end: 'enrolled' | 'failed' | 'rejected' | undefined;
}

const maxAttempts = 3;
const refusedBy = (certain: boolean, httpStatus: number): EngineReply => ({
  kind: 'refused',
  certain,
  httpStatus,
  message: `HTTP ${httpStatus}`,
  fix: 'look',
});
const replyTo: Record<NonNullable<Hit>, EngineReply> = {
  refused: refusedBy(false, 403),
  denied: refusedBy(true, 401),
  strange: {
    kind: 'rejected',
    httpStatus: 400,
    code: 'NEW',
    message: 'new',
    reasons: [],
    stored: 'no',
    isUndocumented: true,
  },
};

const unreached: RefusedReply = { kind: 'refused', certain: false, message: 'unknown host', fix: 'look' };

function createWorld(hits: readonly Hit[], choose: (below: number) => number) {
  let now = 1_000_000;
  let order = 0;
  let names = 0;
  let calls = 0;
  let isAway = false;
  const store = createMemoryAccountStore(() => now);
  const photos: ModelPhoto[] = hits.map((hit, index) => ({
    seq: index + 1,
    hit,
    tries: { attempts: 0, calls: 0, reads: 0, storedUnknown: false },
    priority: 2,
    order: index,
    end: undefined,
  }));
  order = photos.length;
  const queue = new Set(photos);

  const take = () => {
    const [first] = [...queue].sort((a, b) => a.priority - b.priority || a.order - b.order);
    if (first) queue.delete(first);
    return first;
  };
  const putBack = (photo: ModelPhoto, priority = photo.priority) => {
    order += 1;
    Object.assign(photo, { priority, order });
    queue.add(photo);
  };

  async function openProcess(key: { isRight: boolean; refusal: EngineReply }, concurrency: number) {
    names += 1;
    const name = `process-${names}`;
    const log = { info: () => undefined, warn: () => undefined };
    const client = createAccountClient({ store, account: 'a', log, onReading: () => recorder.noteState() });
    const recorder = createReplyRecorder({
      client,
      supply: { drop: () => undefined } as never,
      processName: name,
      probeDelay: { firstInMs: 1, ceilingInMs: 1 },
      doubtDelay: { firstInMs: 1, ceilingInMs: 1 },
      giveUpAfterInMs: 1e9,
    });
    await client.change((state) => processSeen(state, { processName: name, ratePerSecond: 1 }, now));
    const flying: { photo: ModelPhoto; begun: number; reply: EngineReply }[] = [];
    const times = (begun: number) => ({ sentAt: now, isProbe: false, begun });
    const limiter = {
      ...recorder,
      acquire: async () => {
        const begun = recorder.tick();
        return {
          sent: () => undefined,
          done: async () => ({ charged: false }),
          checked: (check: Parameters<typeof recorder.recordCheck>[0]) =>
            recorder.recordCheck(check, times(begun)),
        };
      },
    };
    const taskOf = (photo: ModelPhoto) =>
      ({
        data: { run: 'r', seq: photo.seq },
        ready: { original: {} },
        templateId: 't',
        leaving: new AbortController().signal,
        tries: photo.tries,
        context: {
          limiter,
          takeCall: async () => true,
          draining: new AbortController().signal,
          settings: { maxAttempts, backoff: { firstDelayInMs: 1, ceilingInMs: 1 } },
          engine: {
            checkAccount: async () => {
              if (isAway) return { ok: false, message: 'unknown host', undecided: unreached };
              calls += 1;
              return key.isRight ? { ok: true } : { ok: false, message: 'refused' };
            },
          },
        },
      }) as unknown as PhotoTask;

    /** Takes a photo from the queue and sends it; false: it may not call now, or there is none. */
    async function begin(): Promise<boolean> {
      const state = await client.read();
      const most = recorder.mostInFlight();
      if (state.state.pause || flying.length >= Math.min(concurrency, most.calls)) return false;
      const photo = take();
      if (!photo) return false;
      const task = taskOf(photo);
      const settled = await settleRefusal(task);
      photo.tries = task.tries;
      if (settled && 'outcome' in settled) photo.end = settled.outcome.status as ModelPhoto['end'];
      else if (settled && 'again' in settled) putBack(photo, settled.again.isLast ? 3 : 1);
      else {
        // What does not reach the engine costs nothing there.
        if (!isAway) calls += 1;
        const enrolled: EngineReply = { kind: 'enrolled', httpStatus: 200, templateId: 't' };
        const reply = key.isRight ? (photo.hit ? replyTo[photo.hit] : enrolled) : key.refusal;
        flying.push({ photo, begun: recorder.tick(), reply: isAway ? unreached : reply });
      }
      return true;
    }

    async function land(): Promise<boolean> {
      const [call] = flying.splice(choose(flying.length), 1);
      if (!call) return false;
      const { photo, reply, begun } = call;
      now += 1;
      const task = taskOf(photo);
      const { charged } = await recorder.record(
        {
          reply,
          photo: `${photo.seq}`,
          attemptsBefore: photo.tries.attempts,
          refusedBefore: photo.tries.refusedBefore === true,
        },
        times(begun),
      );
      now += 1;
      task.tries = countReply(photo.tries, reply, charged);
      const judged = isDoubtful(reply)
        ? putInDoubt(task, reply, 'enroll')
        : judgeReply({ reply, charged, tries: task.tries, maxAttempts, required: [], templateIdSent: 't' });
      photo.tries = task.tries;
      if (judged.kind === 'outcome') photo.end = judged.outcome.status as ModelPhoto['end'];
      else putBack(photo, judged.kind === 'try-later' && judged.isLast ? 3 : 1);
      return true;
    }

    return {
      key,
      begin,
      land,
      isPaused: () => client.state.pause !== null,
      /** What it had in hand goes back as it was taken: it dies at any line. */
      die: () => {
        for (const { photo } of flying.splice(0)) putBack(photo);
        client.close();
      },
    };
  }

  return {
    photos,
    queue,
    openProcess,
    calls: () => calls,
    setAway: (away: boolean) => {
      isAway = away;
    },
    resume: () => store.change('a', (state) => (state.pause ? resumeAccount(state) : state)),
    /** The rates of dead processes are forgotten. */
    wait: () => {
      now += 60_000;
    },
  };
}

type World = ReturnType<typeof createWorld>;

interface Start {
  readonly keys: readonly boolean[];
  readonly refusal: 'refused' | 'denied' | 'strange';
  readonly concurrency: number;
  /** After so many steps the key is revoked, or the processes are killed. */
  readonly revokedAfter: number | undefined;
  readonly killedAfter: number | undefined;
  /** The step after which nobody reaches the engine, and for how many. */
  readonly away: { readonly after: number; readonly steps: number } | undefined;
}

async function play(world: World, start: Start, choose: (below: number) => number): Promise<void> {
  world.wait();
  await world.resume();
  const refusal = replyTo[start.refusal];
  const processes = await Promise.all(
    start.keys.map((isRight) => world.openProcess({ isRight, refusal }, start.concurrency)),
  );
  for (let step = 0, idle = 0; idle < 6 * processes.length && step < 20_000; step += 1) {
    if (step === start.revokedAfter) for (const one of processes) one.key.isRight = false;
    if (step === start.killedAfter) break;
    const since = step - (start.away?.after ?? Number.POSITIVE_INFINITY);
    world.setAway(since >= 0 && since < (start.away?.steps ?? 0));
    const one = processes[choose(processes.length)];
    const isDone = choose(2) === 0 ? await one?.begin() : await one?.land();
    idle = isDone ? 0 : idle + 1;
    if (idle > 3) for (const each of processes) if (await each.land()) idle = 0;
    if (idle > 3) for (const each of processes) if (await each.begin()) idle = 0;
  }
  world.setAway(false);
  for (const one of processes) one.die();
}

const hits = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Hit>(undefined) },
    { weight: 1, arbitrary: fc.constantFrom<Hit>('refused', 'denied', 'strange') },
  ),
  { minLength: 1, maxLength: 70 },
);
const starts = fc.array(
  fc.record({
    keys: fc.array(fc.boolean(), { minLength: 1, maxLength: 2 }),
    refusal: fc.constantFrom('refused', 'denied', 'strange'),
    concurrency: fc.integer({ min: 1, max: 32 }),
    revokedAfter: fc.option(fc.nat({ max: 150 }), { nil: undefined, freq: 3 }),
    killedAfter: fc.option(fc.nat({ max: 150 }), { nil: undefined, freq: 3 }),
    away: fc.option(fc.record({ after: fc.nat({ max: 60 }), steps: fc.nat({ max: 200 }) }), {
      nil: undefined,
    }),
  }),
  { maxLength: 5 },
);
const goodStart: Start = {
  keys: [true],
  refusal: 'refused',
  concurrency: 8,
  revokedAfter: undefined,
  killedAfter: undefined,
  away: undefined,
};

const expectedEnd = ({ hit }: ModelPhoto) =>
  hit === undefined ? 'enrolled' : hit === 'strange' ? 'rejected' : 'failed';

describe('whose fault it is, over random histories', () => {
  it('no photo is lost or charged for a fault that is not its own, a wrong key costs 20 calls a start, and a run comes to its end', async () => {
    await fc.assert(
      fc.asyncProperty(
        hits,
        starts,
        fc.infiniteStream(fc.nat({ max: 1_000_000 })),
        async (all, history, random) => {
          const choose = (below: number) => (below === 0 ? 0 : (random.next().value ?? 0) % below);
          const world = createWorld(all, choose);
          for (const start of history) {
            const before = world.calls();
            await play(world, start, choose);
            if (start.keys.every((isRight) => !isRight))
              expect(world.calls() - before).toBeLessThanOrEqual(photosToPause);
            for (const photo of world.photos) {
              if (photo.end !== undefined) expect(photo.end).toBe(expectedEnd(photo));
              if (photo.hit === undefined) expect(photo.tries.attempts).toBe(photo.end ? 1 : 0);
            }
          }
          // Each good start brings the run further, and a few of them to its end.
          for (let good = 0; world.photos.some(({ end }) => end === undefined); good += 1) {
            // A 401 that no other photo answers better stops a start at once.
            const denied = all.filter((hit) => hit === 'denied').length;
            expect(good).toBeLessThan(2 + denied + Math.ceil(all.length / 10));
            const left = world.photos.filter(
              ({ end, tries }) => end === undefined && !tries.refusedBefore,
            ).length;
            const open = world.photos.filter(({ end }) => end === undefined).length;
            await play(world, goodStart, choose);
            const nowLeft = world.photos.filter(
              ({ end, tries }) => end === undefined && !tries.refusedBefore,
            );
            const nowOpen = world.photos.filter(({ end }) => end === undefined).length;
            expect(nowLeft.length < left || nowOpen < open).toBe(true);
          }
          for (const photo of world.photos) expect(photo.end).toBe(expectedEnd(photo));
        },
      ),
      { seed: 20_261_128, numRuns: randomInputs(100) },
    );
  });
});
