import { compileSource } from '../helpers/compiled-source.ts';
import { worstCertainSecond } from '../helpers/engine-server-calls.ts';
import {
  type Arrival,
  shareOfRateUsed,
  watchHoldUps,
  worstSecondButForHoldUps,
} from '../helpers/hold-ups.ts';
import { type Child, runChild } from '../helpers/run-child.ts';
import type { CallerTask } from './pace-caller.ts';

export interface Measured {
  readonly calls: number;
  /** Calls in the worst second, wherever it starts, without what may be due to somebody being held up. */
  readonly worst: number;
  /** In the worst second as the callers' own clock has it: what the way and the engine add is not in it. */
  readonly worstAsSent: number;
  /** Share of the rate that was used in the best five seconds. */
  readonly used: number;
  readonly callers: readonly unknown[];
}

/** Lets `processes` callers go at an engine for a while and says what the engine saw. */
export async function measurePace(
  options: Omit<CallerTask, 'engineUrl'> & { processes: number; noise?: number },
): Promise<Measured> {
  const { processes, noise = 0, ...task } = options;
  const { pathOf } = await compileSource();
  const start = (name: string, args: readonly string[] = []) =>
    runChild(pathOf(`test/account/${name}.ts`), args);
  const engine = start('pace-engine', ['150', '250']);
  const running: Child[] = [engine];
  const watch = await watchHoldUps();
  try {
    const engineUrl = await engine.line();
    for (let count = 0; count < noise; count += 1) running.push(start('pace-noise'));
    const callers = Array.from({ length: processes }, () =>
      start('pace-caller', [JSON.stringify({ ...task, engineUrl })]),
    );
    running.push(...callers);
    for (const { process } of running) watch.watch(process.pid ?? 0);
    const told = await Promise.all(
      callers.map(
        async (caller) => JSON.parse(await caller.line()) as { sentAtInMs: number[]; counted: unknown },
      ),
    );
    const response = await fetch(`${engineUrl}/arrivals`);
    const calls = (await response.json()) as Arrival[];
    const measured = { calls, rate: task.ratePerSecond, holdUps: await watch.read() };
    const [worst, used] = [worstSecondButForHoldUps(measured), shareOfRateUsed(measured)];
    const sent = told.flatMap(({ sentAtInMs }) => sentAtInMs);
    return {
      calls: calls.length,
      worst,
      worstAsSent: worstCertainSecond(sent.map((arrivedAtInMs) => ({ arrivedAtInMs, heldInMs: 0 }))),
      used,
      callers: told.map(({ counted }) => counted),
    };
  } finally {
    await Promise.all(running.map((program) => program.kill()));
    await watch.close();
  }
}
