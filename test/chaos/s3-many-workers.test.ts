import { expect, it } from 'vitest';
import { isLong, orLong } from '../helpers/long.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { type S3Run, startS3Run } from './s3-run.ts';

const photos = orLong(1_500, 5_000);
const concurrency = 8;
const limit = { timeout: 540_000 };
/** By the lease's length. */
const longestTakeOverInMs = 30_000;

it(
  'archive and state on S3, four workers: the conductor dies, then a worker, then Redis',
  limit,
  async () => {
    const rate = 250;
    const run = await startS3Run({ photos, workers: 4, rate, concurrency });
    try {
      const startedAt = performance.now();
      await run.calls(0.15);
      const { epoch } = await run.record();
      await (await run.conductor()).kill();
      const diedAt = Date.now();
      const uncollected = await run.uncollected();
      const takeOverInMs = await run.takeOverInMs(diedAt, epoch);

      await run.calls(0.4);
      const conductor = await run.conductor();
      await run
        .workers()
        .find((worker) => worker !== conductor)
        ?.kill();
      uncollected.push(...(await run.uncollected()));

      await run.calls(0.65);
      await run.store.kill();
      uncollected.push(...(await run.uncollected()));
      await run.store.start();

      await run.ended();
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      // Two killed workers, and two that were at work when Redis died.
      await proveCalls(run, { rate, uncollected, most: 4 * concurrency, figures: { takeOverInMs, seconds } });
      expect(takeOverInMs).toBeLessThan(longestTakeOverInMs);
    } finally {
      await run.close();
    }
  },
);

/** Half a minute of waiting for the lease to end: in the long form of these tests only. */
it.runIf(isLong)(
  'a conductor that sleeps past the end of its lease and wakes beside its successor spoils nothing on S3',
  limit,
  async () => {
    const rate = photos / 60;
    const run = await startS3Run({ photos, workers: 2, rate, concurrency });
    try {
      await run.calls(0.1);
      const { epoch } = await run.record();
      const sleeper = await run.conductor();
      sleeper.signal('SIGSTOP');
      const sleptAt = Date.now();
      const uncollected = await run.uncollected();
      const takeOverInMs = await run.takeOverInMs(sleptAt, epoch);
      await run.calls(0.6);
      sleeper.signal('SIGCONT');
      await run.ended();
      await proveCalls(run, { rate, uncollected, most: concurrency, figures: { takeOverInMs } });
      expect(takeOverInMs).toBeLessThan(longestTakeOverInMs);
    } finally {
      await run.close();
    }
  },
);

/** The report is right; calls were repeated for photos only that had no line when something died, and not many. */
async function proveCalls(
  run: S3Run,
  options: { rate: number; uncollected: readonly string[]; most: number; figures: object },
): Promise<void> {
  await run.prove();
  const made = await run.engine.control.calls();
  const repeated = made.length - photos;
  if (process.env.CHAOS_FIGURES) console.log(JSON.stringify({ photos, repeated, ...options.figures }));
  const mayBeRepeated = new Set(options.uncollected);
  expect(repeatedOf(made).filter((id) => !mayBeRepeated.has(id))).toEqual([]);
  expect(repeated).toBeLessThanOrEqual(options.most);
  provePace({ calls: made, rate: options.rate, holdUps: await run.holdUps() });
}

/** Templates that were called more than once. */
function repeatedOf(calls: readonly { templateId?: string | undefined }[]): string[] {
  const counts = new Map<string, number>();
  for (const { templateId } of calls)
    if (templateId !== undefined) counts.set(templateId, (counts.get(templateId) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}
