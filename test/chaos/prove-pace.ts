import assert from 'node:assert/strict';
import { type ServerCall, worstCertainSecond } from '../helpers/engine-server-calls.ts';

/** Proves that no second, wherever it begins, saw more calls than the rate, by the engine's clock. */
export function provePace(calls: readonly ServerCall[], rate: number): void {
  const worst = worstCertainSecond(calls);
  assert.ok(worst <= rate, `a second saw ${worst} calls at a rate of ${rate}`);
}

/**
 * A call that a busy machine held up between its process and the engine is seen by nobody: then the pace is measured
 * again. Anything else that fails has failed.
 */
export const measurePaceAgain = { count: 2, condition: /a second saw/ };
