import { setTimeout as delay } from 'node:timers/promises';
import { entriesAreKnownAfterInMs } from '../../ledger/forgotten-watch.ts';
import { readWorkerRegistrations } from '../../queue/presence.ts';
import type { PresenceStore } from '../../queue/queue.ts';
import { listRunRecords } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

/** For what comes between a look at the list and the call, and between an engine's answer and its line. */
const marginInMs = 5_000;

/**
 * Until no call that was begun without knowing of the entries can still store anything: the time within which every
 * worker knows of them, and the longest that a call of one of the account's workers may take. Nobody is waited for
 * where no run of the account goes on.
 */
export async function waitForCallers(options: {
  state: StateStore;
  presence: PresenceStore;
  /** All ids under which runs know the account that is called. */
  accounts: ReadonlySet<string>;
  /** When the latest entry was written, in milliseconds since 1970. */
  listedAt: number;
  /** Of this process; others may allow their calls more. */
  timeoutInMs: number;
  /** Who calls besides: an undoing, which enrolls earlier photos again. */
  others?: readonly string[];
  signal: AbortSignal;
  /** Called if it takes a while. */
  onWait: (wait: { runIds: readonly string[]; durationInMs: number }) => void;
}): Promise<void> {
  const { state, presence, accounts, listedAt, others = [], signal } = options;
  const all = (await listRunRecords(state)).filter((run) => accounts.has(run.account));
  const workers = await readWorkerRegistrations(presence);
  const ownTime = options.timeoutInMs;
  const longestCallInMs = Math.max(ownTime, ...workers.map(({ timeoutInMs = ownTime }) => timeoutInMs));
  const waitInMs = entriesAreKnownAfterInMs(state) + longestCallInMs + marginInMs;
  // Workers elsewhere may still end their calls when a run pauses.
  const isCalling = (run: (typeof all)[number]) =>
    run.state === 'active' || (run.state !== 'finished' && Date.now() - Date.parse(run.updatedAt) < waitInMs);
  const runIds = [...all.filter(isCalling).map(({ id }) => id), ...others];
  const durationInMs = listedAt + waitInMs - Date.now();
  if (runIds.length === 0 || durationInMs <= 0) return;
  options.onWait({ runIds, durationInMs });
  await delay(Math.min(durationInMs, waitInMs), undefined, { signal });
}
