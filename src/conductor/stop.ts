import { setMaxListeners } from 'node:events';
import { accountSummary } from '../account/account-summary.ts';
import type { QueueBackend } from '../queue/queue.ts';
import { readControl } from '../records/run-control.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** Why the loops of a conductor stop. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'interrupted' }
  /** Another process holds the lease. */
  | { readonly kind: 'lost' }
  /** `foundAt` (ISO 8601): what a person asked for since then was asked after the pause. */
  | { readonly kind: 'paused'; readonly waitsFor: string; readonly foundAt: string }
  | { readonly kind: 'fault'; readonly error: unknown };

/** The first reason to stop wins; all loops see one signal. */
export interface Stop {
  readonly signal: AbortSignal;
  end(ending: Ending): void;
  /** Runs loops side by side until all have stopped; a loop that throws stops the others. */
  run(...loops: (() => Promise<void>)[]): Promise<Ending>;
}

export function createStop(interrupt: AbortSignal): Stop {
  const controller = new AbortController();
  // Every wait of every loop listens.
  setMaxListeners(0, controller.signal);
  let first: Ending | undefined;
  const end = (ending: Ending) => {
    first ??= ending;
    controller.abort();
  };
  const onInterrupt = () => end({ kind: 'interrupted' });
  if (interrupt.aborted) onInterrupt();
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  return {
    signal: controller.signal,
    end,
    async run(...loops) {
      const guarded = loops.map((loop) =>
        loop().catch((error) => {
          // Loops leave their waits by throwing when the signal aborts: that is no fault.
          if (!controller.signal.aborted) end({ kind: 'fault', error });
        }),
      );
      await Promise.all(guarded);
      interrupt.removeEventListener('abort', onInterrupt);
      return first ?? { kind: 'complete' };
    },
  };
}

/** What is said against going on with a run, and what its account waits for where it goes on. */
export interface Objection {
  readonly ending?: Ending;
  readonly waitsFor?: string;
}

/** What a person, the budget of calls, or the account says against going on with a run. */
export async function reasonToStop(options: {
  state: StateStore;
  backend: Pick<QueueBackend, 'callBudget' | 'accounts'>;
  record: RunRecord;
  /** Calls that the report shows. */
  callsReported: number;
  /** Repeats a call of the queue's store while it is away. */
  withRetries: <Result>(action: () => Promise<Result>) => Promise<Result>;
}): Promise<Objection> {
  const { state, backend, record, callsReported, withRetries } = options;
  const { maxCalls } = record.settings;
  // Before anything is looked at.
  const foundAt = new Date().toISOString();
  const paused = (waitsFor: string): Objection => ({ ending: { kind: 'paused', waitsFor, foundAt } });
  const { wanted } = await readControl(state, record.id);
  if (wanted === 'cancel') return { ending: { kind: 'cancelled' } };
  if (wanted === 'pause') return paused(`somebody paused it: rollcall resume ${record.id}`);
  if (maxCalls !== undefined) {
    const taken = await withRetries(() => backend.callBudget.raise(record.id, callsReported));
    if (taken >= maxCalls) return paused(`its ${maxCalls} calls (--max-calls) are made`);
  }
  const account = await withRetries(() => backend.accounts.read(record.account));
  if (account.state.pause) return paused(account.state.pause.message);
  const { message } = accountSummary(account.state, account.now);
  return message === undefined ? {} : { waitsFor: message };
}
