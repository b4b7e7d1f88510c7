import type { QueueBackend } from '../queue/queue.ts';
import type { StateStore } from '../state/state-store.ts';
import { readControl } from './control.ts';
import type { RunRecord } from './run-record.ts';
import type { Ending } from './stop.ts';

/** What a person, the budget of calls, or the account says against going on with a run; undefined: nothing. */
export async function reasonToStop(options: {
  state: StateStore;
  backend: Pick<QueueBackend, 'callBudget' | 'accounts'>;
  record: RunRecord;
  /** Calls that the report shows. */
  callsReported: number;
  /** Repeats a call of the queue's store while it is away. */
  patiently: <Result>(action: () => Promise<Result>) => Promise<Result>;
}): Promise<Ending | undefined> {
  const { state, backend, record, callsReported, patiently } = options;
  const { maxCalls } = record.settings;
  const { wanted } = await readControl(state, record.id);
  if (wanted === 'cancel') return { kind: 'cancelled' };
  if (wanted === 'pause') return paused(`somebody paused it: rollcall resume ${record.id}`);
  if (maxCalls !== undefined) {
    const taken = await patiently(() => backend.callBudget.raise(record.id, callsReported));
    if (taken >= maxCalls) return paused(`its ${maxCalls} calls (--max-calls) are made`);
  }
  const account = await patiently(() => backend.accounts.read(record.account));
  return account.state.pause ? paused(account.state.pause.message) : undefined;
}

const paused = (waitsFor: string): Ending => ({ kind: 'paused', waitsFor });
