import assert from 'node:assert/strict';
import type { ServerCall } from './engine-server-calls.ts';
import { type HoldUp, worstSecondButForHoldUps } from './hold-ups.ts';

/** Proves that no second, wherever it begins, saw more calls than the rate, by the engine's clock. */
export function provePace(options: {
  readonly calls: readonly ServerCall[];
  readonly rate: number;
  /** Of the processes that made the calls. */
  readonly holdUps: readonly HoldUp[];
}): void {
  const worst = worstSecondButForHoldUps(options);
  assert.ok(worst <= options.rate, `a second saw ${worst} calls at a rate of ${options.rate}`);
}
