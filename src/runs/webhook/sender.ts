import pLimit from 'p-limit';
import { createForgottenSubjects, type ForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import type { Delivery } from '../../records/inbox/delivery.ts';
import { type OutcomeEvent, outcomeEvent } from '../../records/inbox/outcome-event.ts';
import type { WebhookProgress } from '../../records/inbox/webhook-progress.ts';
import type { ReportLine } from '../../records/report/report-line.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { createReceiverHealth, isGivenUp, isPauseOver, pauseAfter } from './patience.ts';
import { openRunOutcomes, type RunOutcomes } from './run-outcomes.ts';
import { messageIdOf } from './signature.ts';
import type { WebhookClient, WebhookReply } from './webhook.ts';

/** Messages that were not tried yet and are in memory. */
const mostUntried = 1_000;
/** Messages in memory, those among them that are tried again; more stay in the report until some were taken. */
const mostInMemory = 10_000;
/** Tried before it is written down what came of them: who dies in between sends them again. */
const mostInTurn = 32;
export const concurrency = 8;

interface Message {
  readonly run: string;
  readonly seq: number;
  readonly event: OutcomeEvent;
  readonly attempts: number;
  /** Milliseconds since 1970; 0: it was not tried yet. */
  readonly firstAt: number;
  readonly dueAt: number;
}

interface FollowedRun {
  readonly outcomes: RunOutcomes;
  readonly forgotten: ForgottenSubjects;
  refreshedAt: number;
}

/** Tells the webhook of one inbox of outcomes. One process at a time does. */
export interface OutcomeSender {
  /** From now on these are the inbox's runs whose outcomes are to be sent. */
  follow(runs: readonly RunRecord[]): Promise<void>;
  /**
   * Tries what is due, at most so many messages as are lost to memory at a kill.
   * @returns whether there may be more to do at once; `stopped`: the receiver wants no more
   */
  turn(): Promise<'more' | 'waiting' | 'stopped'>;
  readonly progress: Pick<WebhookProgress, 'failing' | 'runs' | 'stopped'>;
  close(): Promise<void>;
}

export function createOutcomeSender(options: {
  state: StateStore;
  inbox: string;
  client: Pick<WebhookClient, 'post'>;
  /** What earlier senders wrote of runs; those that are done are left alone. */
  known: WebhookProgress['runs'];
  writer: { writer: string; epoch: number };
  /** Whether this process is still the one that sends. */
  mayTry: () => boolean;
  /** Ends tries that are under way: they are repeated by the next sender. */
  signal: AbortSignal;
  now?: () => number;
  random?: () => number;
}): OutcomeSender {
  const { state, inbox, client, known, writer, mayTry, signal, now = Date.now, random } = options;
  const runs = new Map<string, FollowedRun>();
  const done = new Map(Object.entries(known).filter(([, { isDone }]) => isDone));
  const health = createReceiverHealth(random);
  const atOnce = pLimit(concurrency);
  let messages: Message[] = [];
  let stopped: WebhookProgress['stopped'];

  async function fill(): Promise<void> {
    const untried = messages.filter(({ attempts }) => attempts === 0).length;
    // On S3 each look takes several requests.
    if (untried >= mostInTurn) return;
    let room = Math.min(mostUntried - untried, mostInMemory - messages.length);
    for (const { outcomes } of runs.values()) {
      if (room <= 0) return;
      const found = await outcomes.next(room);
      room -= found.length;
      messages.push(
        ...found.map(({ line, before }): Message => {
          const { attempts = 0, firstAt = 0, lastAt = 0 } = before ?? {};
          const dueAt = attempts === 0 ? 0 : lastAt + pauseAfter(attempts, random);
          return {
            ...{ run: line.run, seq: line.seq, attempts, firstAt, dueAt },
            event: outcomeEvent(inbox, line),
          };
        }),
      );
    }
  }

  async function attempt(message: Message): Promise<{ message: Message; delivery: Delivery } | undefined> {
    const { run, seq, event } = message;
    const id = `${run}-${seq}`;
    const about = { schema: 'rollcall.delivery/1', seq, webhookId: messageIdOf(id) } as const;
    if (isOfForgotten(event.data.line)) {
      const at = new Date(now()).toISOString();
      return { message, delivery: { ...about, at, attempt: message.attempts, result: 'withheld' } };
    }
    if (stopped || signal.aborted || !mayTry() || health.mayTry(now()) === 0) return undefined;
    const reply = await client.post({ id, body: event, signal }).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    return reply && { message, delivery: { ...about, ...judge(message, reply) } };
  }

  /** Before each try; on S3, where it takes requests, each second. */
  async function refreshForgotten(): Promise<void> {
    for (const run of runs.values()) {
      if (performance.now() - run.refreshedAt < state.writeEveryInMs) continue;
      const startedAt = performance.now();
      await run.forgotten.refresh();
      run.refreshedAt = startedAt;
    }
  }

  /** Who was forgotten before the outcome has one that says so. */
  function isOfForgotten({ run, subjectId, reason }: ReportLine): boolean {
    const known = runs.get(run)?.forgotten;
    return subjectId !== undefined && reason !== 'forgotten' && known?.isForgotten(subjectId) === true;
  }

  function judge(
    { attempts, firstAt }: Message,
    { status, reason }: WebhookReply,
  ): Pick<Delivery, 'at' | 'attempt' | 'result' | 'httpStatus' | 'reason'> {
    const at = new Date(now()).toISOString();
    health.note({ reason, now: now() });
    if (status === 410) stopped ??= { at, reason: reason ?? '' };
    const isLast = attempts > 0 && isGivenUp({ firstAt, now: now() });
    return {
      at,
      attempt: attempts + 1,
      result: reason === undefined ? 'delivered' : isLast ? 'given-up' : 'failed',
      ...(status !== undefined && { httpStatus: status }),
      ...(reason !== undefined && { reason }),
    };
  }

  async function noteAll(tried: readonly { message: Message; delivery: Delivery }[]): Promise<void> {
    for (const [id, { outcomes }] of runs) {
      const ends = tried.filter(({ message }) => message.run === id);
      if (ends.length > 0) await outcomes.note(ends.map(({ delivery }) => delivery));
    }
    const endOf = new Map(tried.map(({ message, delivery }) => [message, delivery]));
    messages = messages.flatMap((message) => {
      const end = endOf.get(message);
      if (!end) return [message];
      if (end.result !== 'failed') return [];
      const at = Date.parse(end.at);
      const attempts = end.attempt;
      return [
        { ...message, attempts, firstAt: message.firstAt || at, dueAt: at + pauseAfter(attempts, random) },
      ];
    });
  }

  return {
    async follow(wanted) {
      const ids = new Set(wanted.map(({ id }) => id));
      for (const id of done.keys()) if (!ids.has(id)) done.delete(id);
      for (const [id, { outcomes }] of runs) {
        if (ids.has(id)) continue;
        runs.delete(id);
        messages = messages.filter(({ run }) => run !== id);
        await outcomes.close();
      }
      for (const { id, engine, account } of wanted) {
        if (runs.has(id) || done.has(id)) continue;
        const outcomes = await openRunOutcomes(state, id, writer);
        const forgotten = createForgottenSubjects({ state, engine, account });
        runs.set(id, { outcomes, forgotten, refreshedAt: Number.NEGATIVE_INFINITY });
      }
    },
    async turn() {
      await fill();
      const due = messages.filter(({ dueAt }) => isPauseOver(dueAt, now())).sort((a, b) => a.dueAt - b.dueAt);
      const batch = due.slice(0, Math.min(mostInTurn, health.mayTry(now())));
      if (batch.length > 0) {
        await refreshForgotten();
        const tried = await Promise.all(batch.map((message) => atOnce(() => attempt(message))));
        await noteAll(tried.filter((one) => one !== undefined));
      }
      for (const [id, { outcomes }] of runs) {
        if (!outcomes.progress.isDone) continue;
        done.set(id, outcomes.progress);
        runs.delete(id);
        await outcomes.close();
      }
      if (stopped) return 'stopped';
      return due.length > batch.length && health.mayTry(now()) > 0 ? 'more' : 'waiting';
    },
    get progress() {
      const open = [...runs].map(([id, { outcomes }]) => [id, outcomes.progress] as const);
      return {
        runs: Object.fromEntries([...done, ...open]),
        ...(health.failing && { failing: health.failing }),
        ...(stopped && { stopped }),
      };
    },
    async close() {
      for (const { outcomes } of runs.values()) await outcomes.close();
    },
  };
}
