import { compileSource } from '../helpers/compiled-source.ts';
import { type Child, runChild } from '../helpers/run-child.ts';
import type { CallerTask } from './pace-caller.ts';

export interface Measured {
  readonly calls: number;
  /** Calls in the worst second, wherever it starts. */
  readonly worstSecond: number;
  /** The same, leaving out what may be due to the engine's own process being held up. */
  readonly worstCertain: number;
  /** Share of the rate that was used, from the first call to the last. */
  readonly used: number;
  readonly callers: readonly string[];
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
  try {
    const engineUrl = await engine.line();
    for (let count = 0; count < noise; count += 1) running.push(start('pace-noise'));
    const callers = Array.from({ length: processes }, () =>
      start('pace-caller', [JSON.stringify({ ...task, engineUrl })]),
    );
    running.push(...callers);
    const told = await Promise.all(callers.map((caller) => caller.line()));
    const response = await fetch(`${engineUrl}/arrivals`);
    return { ...judge((await response.json()) as Arrival[], task.ratePerSecond), callers: told };
  } finally {
    await Promise.all(running.map((program) => program.kill()));
  }
}

interface Arrival {
  readonly at: number;
  readonly heldInMs: number;
}

/**
 * More than `rate` calls in a second means that the first and the one `rate` after it lie less than a second apart.
 * The first may have come earlier than the engine's process, held up itself, took note of it: it gets the benefit.
 */
function judge(arrivals: readonly Arrival[], ratePerSecond: number): Omit<Measured, 'callers'> {
  let worstSecond = 0;
  let worstCertain = 0;
  for (const [place, { at }] of arrivals.entries()) {
    const inSecond = arrivals.slice(0, place + 1).filter((other) => other.at > at - 1000);
    worstSecond = Math.max(worstSecond, inSecond.length);
    const isCertain = (other: Arrival) => other.at - other.heldInMs > at - 1000;
    worstCertain = Math.max(worstCertain, inSecond.filter(isCertain).length);
  }
  const spanInSeconds = ((arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0)) / 1000;
  const used = (arrivals.length - 1) / spanInSeconds / ratePerSecond;
  return { calls: arrivals.length, worstSecond, worstCertain, used };
}
