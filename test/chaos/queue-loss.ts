import assert from 'node:assert/strict';
import type { WorkResult } from '../../src/queue/queue.ts';
import { type Stage, setStage, type Work } from '../conductor/conducting.ts';
import { givenSource } from '../conductor/given-source.ts';
import { createSeededRandom } from '../helpers/engine-server-calls.ts';
import type { QueueServer } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';

/** How a run fared whose queue lost a part again and again. */
export interface LossFigures {
  readonly photos: number;
  readonly losses: number;
  /** Keys or rows that were removed. */
  readonly removed: number;
  /** Whether its conductor was ended after a loss and another one went on. */
  readonly resumed: boolean;
  /** Calls that were made again. */
  readonly repeated: number;
  readonly seconds: number;
}

/**
 * Removes random keys or rows of a run's queue at random moments and proves that the run ends by itself: one line a photo,
 * all enrolled; with an even seed photos share jobs. A call may be made again only for a photo that was in work at a loss, or whose own content was lost.
 */
export async function loseAndHeal(server: QueueServer, seed: number): Promise<LossFigures> {
  const random = createSeededRandom(seed);
  const photos = 40 + Math.floor(random() * 80);
  const losses = 1 + Math.floor(random() * 3);
  const startedAt = performance.now();
  const stage = await setStage(server, {
    source: givenSource(photos),
    work: workThatRetries(random),
    concurrency: 1 + Math.floor(random() * 6),
  });
  try {
    const excused = new Map<number, number>();
    const resumed = random() < 1 / 3;
    const controller = new AbortController();
    const options = {
      window: 5 + Math.floor(random() * photos),
      photosPerJob: seed % 2 === 0 ? 4 : 1,
      reconcileEveryInMs: 200,
    };
    let end = stage.conduct({ ...options, signal: controller.signal });
    let removed = 0;
    for (let loss = 1; loss <= losses; loss += 1) {
      const after = Math.floor((photos * (loss - random())) / (losses + 1));
      await until(() => stage.worked.length >= after, { what: `photo ${after}` });
      removed += await strike(server, { stage, random, excused });
    }
    if (resumed) {
      controller.abort();
      if ((await end).kind === 'interrupted') end = stage.conduct(options);
    }
    assert.equal((await end).kind, 'over');
    await proveLines(stage, photos);
    const repeated = proveRepeats(stage, excused);
    return { photos, losses, removed, resumed, repeated, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await stage.close();
  }
}

const triesOf = (seq: number) => (seq % 9 === 0 ? 3 : 1);

/** Takes some milliseconds, and now and then several tries, so that jobs are in every state. */
function workThatRetries(random: () => number): Work {
  return async ({ data }): Promise<WorkResult> => {
    await new Promise((resolve) => setTimeout(resolve, 2 + random() * 30));
    const tries = { ...data.tries, calls: data.tries.calls + 1 };
    if (tries.calls < triesOf(data.seq))
      return { again: { delayInMs: random() * 300, data: { ...data, tries } } };
    const finishedAt = new Date().toISOString();
    return {
      outcome: { status: 'enrolled', stored: 'yes', templateId: `t-${data.seq}`, attempts: 1, finishedAt },
    };
  };
}

type Choice = (names: readonly string[], random: () => number) => readonly string[];

const isJob = (name: string) => /-\d+-[0-9a-f]{12}/.test(name);
const share =
  (part: number): Choice =>
  (names, random) =>
    names.filter(() => random() < part);
const one: Choice = (names, random) => names.slice(Math.floor(random() * names.length)).slice(0, 1);
const ofJobs =
  (choice: Choice): Choice =>
  (names, random) =>
    choice(names.filter(isJob), random);
const beside =
  (choice: Choice): Choice =>
  (names, random) =>
    choice(
      names.filter((name) => !isJob(name)),
      random,
    );

/** Which keys or rows are lost: one, some, all of a kind. */
const choices: readonly Choice[] = [
  one,
  beside(one),
  beside(share(0.5)),
  beside(share(1)),
  ofJobs(share(0.3)),
  share(0.1),
  share(0.5),
];

async function strike(
  server: QueueServer,
  { stage, random, excused }: { stage: Stage; random: () => number; excused: Map<number, number> },
): Promise<number> {
  const choose = choices[Math.floor(random() * choices.length)];
  const { removed, inWork, jobs } = await server.loseSome(
    stage.runId,
    (names) => choose?.(names, random) ?? [],
  );
  for (const id of new Set([...inWork, ...jobs])) {
    const seq = Number(id.split('-').at(-2));
    excused.set(seq, (excused.get(seq) ?? 0) + 1);
  }
  return removed.length;
}

async function proveLines(stage: Stage, photos: number): Promise<void> {
  const lines = await stage.report();
  assert.deepEqual(
    lines.map(({ seq, status }) => `${seq} ${status}`),
    Array.from({ length: photos }, (_, index) => `${index + 1} enrolled`),
  );
}

/** A photo whose own content was lost begins anew; one in work is called once more. */
function proveRepeats({ worked }: Stage, excused: ReadonlyMap<number, number>): number {
  let repeated = 0;
  for (const seq of new Set(worked)) {
    const more = worked.filter((one) => one === seq).length - triesOf(seq);
    const allowed = (excused.get(seq) ?? 0) * triesOf(seq);
    assert.ok(more <= allowed, `photo ${seq} was called ${more} times more, ${allowed} allowed`);
    repeated += Math.max(0, more);
  }
  return repeated;
}
