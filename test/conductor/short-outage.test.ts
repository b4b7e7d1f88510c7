import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AccountState } from '../../src/account/account-state.ts';
import { afterSuccess, afterUnavailable } from '../../src/account/circuit-breaker.ts';
import { readRunEvents } from '../../src/records/run-events.ts';
import { type QueueServer, startEmbeddedQueue, startRedisQueue } from '../helpers/queue-servers.ts';
import { enrolled, type Stage, setStage } from './conducting.ts';
import { givenSource } from './given-source.ts';

const unavailable = {
  ...{ attemptsBefore: 0, message: 'HTTP 503', probeBy: undefined, giveUpAfterInMs: 3_600_000 },
  probeDelay: { firstInMs: 10, ceilingInMs: 20 },
};

/** Begins and ends in one step, so that no look can fall in between. */
function outage(before: AccountState, now: number): AccountState {
  let state = before;
  for (let photo = 1; photo <= 20; photo += 1)
    state = afterUnavailable(state, { ...unavailable, photo: `p${photo}` }, now).state;
  return afterSuccess(state, now);
}

describe.each([
  ['embedded', startEmbeddedQueue],
  ['redis', startRedisQueue],
])('an outage that is over before the conductor looks again (%s)', (_, start) => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  it('is among the events of the run, also of one that ends at once', async () => {
    const stage: Stage = await setStage(server, {
      source: givenSource(1),
      async work(job, signal) {
        const { account } = await stage.record();
        await stage.backend.accounts.change(account, outage);
        return enrolled(job, signal);
      },
    });
    onTestFinished(stage.close);
    expect(await stage.conduct()).toMatchObject({ kind: 'over' });
    const events = await readRunEvents(stage.state, stage.runId);
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'engine-down', 'engine-up', 'ended']);
  });
});
