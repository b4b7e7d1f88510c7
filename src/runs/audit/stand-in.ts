import type { StateStore } from '../../storage/state/state-store.ts';
import type { ReadyPhoto } from '../../worker/fetch-photo.ts';
import { type AskContext, fetchWithRetries } from '../identify/ask-with-retries.ts';
import { readPlan } from './plan.ts';

/** Of a plan whose first photos are gone, so many are tried. */
const mostTried = 100;

/** The first photo of the plan that is there as it was enrolled: read when it is first asked for, and kept until `close`. */
export function createStandIn(state: StateStore, id: string, context: AskContext) {
  let share: ReturnType<AskContext['memory']['open']> | undefined;
  let found: Promise<ReadyPhoto | undefined> | undefined;

  async function find(): Promise<ReadyPhoto | undefined> {
    let tried = 0;
    for await (const planned of readPlan(state, id)) {
      const { about, seq, photo: address, sha256 } = planned;
      if (tried === mostTried) return undefined;
      if (about !== 'held' || address === undefined) continue;
      tried += 1;
      share = context.memory.open(context.draining);
      const ready = await fetchWithRetries({ listed: planned, address, seq, share, context });
      if (!('problem' in ready) && ready.original.sha256 === sha256) return ready;
      share.release();
      share = undefined;
    }
    return undefined;
  }

  return {
    get(): Promise<ReadyPhoto | undefined> {
      found ??= find();
      return found;
    },
    close: () => share?.release(),
  };
}
