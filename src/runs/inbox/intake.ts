import pLimit from 'p-limit';
import type { QueueBackend } from '../../queue/queue.ts';
import { type InboxRecord, readInbox } from '../../records/inbox/inbox.ts';
import { readControl } from '../../records/run-control.ts';
import { isOver, readRunRecord } from '../../records/run-record.ts';
import { type InboxEntry, type InboxPhoto, listPath } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { createGate } from './gate.ts';
import { away, InboxError } from './inbox-error.ts';
import { makeInboxRun, newInboxRunId } from './inbox-run.ts';
import { createPlan, type TakenPhoto } from './plan.ts';
import { nextSession, openSession } from './session.ts';
import type { ReadUpTo, Taken, TakenList } from './taken.ts';
import { tidyInbox } from './tidy-inbox.ts';
import { type Turn, type TurnTools, takeTurn } from './turn.ts';
import { createWaiting } from './waiting.ts';

const lookEveryInMs = 1_000;
/** Whoever takes in keeps at it for so long before it lets another one. */
const leastHeldInMs = 2_000;

/** This process takes in for an inbox: states `open`, then `closed` for good, by itself where another takes in now. */
export interface Intake {
  readonly isOpen: boolean;
  /** All of them or none, durable when it resolves. `InboxPhoto.key` makes repetitions known. */
  add(photos: readonly InboxPhoto[]): Promise<TakenPhoto[]>;
  /** The run whose list is open, which is not rolled over while the action lasts. */
  withRun<Result>(action: (runId: string) => Promise<Result>): Promise<Result>;
  /** Whether a photo with this key is there. */
  has(key: string): boolean;
  /** Makes what is wanted of the inbox so: closes or rolls over its list where that is due. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface IntakeTools extends TurnTools {
  readonly backend: Pick<QueueBackend, 'leases' | 'presence'>;
  /** What this process read of the inbox when it took in before, too; kept up to date. */
  readonly memory: TurnTools['memory'] & { before?: { taken: Taken; upTo: ReadUpTo | undefined } };
}

/**
 * Takes the right to take in for an inbox; undefined: another process has it, and may have been told that somebody waits.
 * @throws InboxError, or FaultError for a fault of queue or state
 */
export async function openIntake(tools: IntakeTools): Promise<Intake | undefined> {
  const turn = await takeTurn(tools);
  if (!turn) return undefined;
  try {
    return await createIntake(tools, turn);
  } catch (error) {
    await turn.release();
    throw error;
  }
}

interface Request {
  readonly photos: readonly InboxPhoto[];
  readonly resolve: (taken: TakenPhoto[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The intake ended before it looked at what was given: it can be given to the next one. */
export class IntakeEndedError extends Error {}

async function createIntake(tools: IntakeTools, turn: Turn): Promise<Intake> {
  const { state, backend, inbox, log, memory } = tools;
  const { lease } = turn;
  const place = { state, inbox };
  let wanted = await wantedOf(tools);
  const newRun = () => (wanted.isOpen ? newInboxRunId(inbox) : undefined);
  const opened = await openSession(place, { epoch: lease.epoch, before: memory.before, newRun });
  const { taken } = opened;
  let { session } = opened;
  const remember = () => {
    memory.before = { taken, upTo: { session: session.name, sizeInBytes: session.sizeInBytes } };
  };
  remember();
  const openedAt = performance.now();
  const waiting = createWaiting(state, taken);
  const left = new AbortController();
  const writing = pLimit(1);
  const settling = pLimit(1);
  const gate = createGate();
  let sessions = 1;
  let pending: Request[] = [];
  let ending: Promise<void> | undefined;

  try {
    if (taken.current) await makeInboxRun({ state, ...backend }, wanted, taken.current.run);
  } catch (error) {
    await session.close().catch(() => {});
    throw error;
  }
  void lease.keep(left.signal).then(end);
  const timer = setInterval(() => void look().catch(warn), lookEveryInMs);
  timer.unref();
  const tidying = tidyInbox(place, { taken, newest: session.name }).catch(warn);

  function warn(error: Error): void {
    log.warn({ inbox, reason: error.message }, 'the inbox cannot be looked after just now');
  }

  async function look(): Promise<void> {
    await settle();
    if (performance.now() - openedAt < leastHeldInMs) return;
    if (await turn.isWanted()) await end();
  }

  async function commit(): Promise<void> {
    const batch = pending;
    pending = [];
    if (batch.length === 0) return;
    if (ending || !lease.isFresh()) {
      for (const { reject } of batch) reject(new IntakeEndedError());
      return void end();
    }
    const { current } = taken;
    try {
      if (!current) throw new InboxError('closed', `Inbox ${inbox} is closed: rollcall inbox open ${inbox}`);
      const plan = createPlan({ inbox, taken, current, ...wanted, waiting: await waiting.count() });
      const planned = batch.flatMap(({ photos, resolve, reject }) => {
        try {
          const answer = plan.add(photos);
          return [{ resolve: () => resolve(answer), reject }];
        } catch (error) {
          if (error instanceof InboxError && error.kind === 'full')
            reject(error.withRetryAfter(waiting.retryAfterInMs(photos.length)));
          else reject(error);
          return [];
        }
      });
      try {
        await write(plan.entries);
        for (const { resolve } of planned) resolve();
      } catch (error) {
        for (const { reject } of planned) reject(asAway(error));
      }
    } catch (error) {
      for (const { reject } of batch) reject(asAway(error));
    }
  }

  async function write(entries: readonly InboxEntry[]): Promise<void> {
    if (entries.length === 0) return;
    try {
      await session.append(entries);
    } catch (error) {
      void end();
      throw error;
    }
    for (const entry of entries) taken.note(entry);
    remember();
  }

  async function settle(): Promise<void> {
    await settling(async () => {
      if (ending) return;
      wanted = await wantedOf(tools);
      const list = taken.current;
      if (!list) return wanted.isOpen ? end() : undefined;
      if (!wanted.isOpen) await endList(list, undefined);
      else if (isDue(list, wanted) || (await isCancelled(state, list.run)))
        await endList(list, newInboxRunId(inbox));
    });
  }

  async function endList({ run }: TakenList, next: string | undefined): Promise<void> {
    const { name: ended } = session;
    await gate.closed(() =>
      writing(async () => {
        if (ending) return;
        const count = taken.current?.count ?? 0;
        const at = new Date().toISOString();
        await write([{ at, ends: run, count, ...(next !== undefined && { next }) }]);
        if (next === undefined) return void end();
        try {
          sessions += 1;
          const before = session;
          session = await nextSession(place, before, { number: sessions, run: next });
          taken.begin(next);
          remember();
          await before.close();
          await makeInboxRun({ state, ...backend }, wanted, next);
        } catch (error) {
          void end();
          throw error;
        }
      }),
    );
    // By now another session is written to: one that is sealed takes in no more.
    await state.seal(listPath(inbox, ended)).catch(warn);
    await tidyInbox(place, { taken, newest: session.name }).catch(warn);
  }

  function end(): Promise<void> {
    ending ??= (async () => {
      clearInterval(timer);
      await writing(commit);
      await writing(() => session.close().catch(() => {}));
      await tidying;
      left.abort();
      await turn.release();
    })();
    return ending;
  }

  return {
    get isOpen() {
      return ending === undefined;
    },
    add: (photos) =>
      new Promise((resolve, reject) => {
        pending.push({ photos, resolve, reject });
        void writing(commit);
      }),
    withRun: (action) =>
      gate.passed(async () => {
        if (ending) throw new IntakeEndedError();
        return action(taken.current?.run ?? '');
      }),
    has: (key) => taken.find(key) !== undefined,
    settle,
    close: end,
  };
}

async function wantedOf({ state, inbox }: IntakeTools): Promise<InboxRecord> {
  const record = await readInbox(state, inbox);
  if (record) return record;
  throw new InboxError(
    'unknown',
    `There is no inbox ${inbox} in ${state.address}: rollcall inbox list shows them.`,
  );
}

/** Also where the clock was set back by so much: the list would stay open until it has caught up. */
const isDue = ({ count, firstAt }: TakenList, { rollInMs }: InboxRecord) =>
  count > 0 && firstAt !== undefined && Math.abs(Date.now() - Date.parse(firstAt)) >= rollInMs;

/** Its list ends with it, and the inbox goes on with the next run. */
async function isCancelled(state: StateStore, run: string): Promise<boolean> {
  if ((await readControl(state, run)).wanted === 'cancel') return true;
  const record = await readRunRecord(state, run);
  return record !== undefined && isOver(record);
}

const asAway = (error: unknown) =>
  error instanceof InboxError
    ? error
    : away(`Nothing can be taken in just now (${(error as Error).message.replace(/[.:]$/, '')})`, error);
