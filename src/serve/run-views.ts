import { lowestRate } from '../account/account-state.ts';
import type { AccountReading } from '../account/account-store.ts';
import { accountSummary } from '../account/account-summary.ts';
import { probeFreeAt } from '../account/circuit-breaker.ts';
import { readSummary } from '../conductor/finish-run.ts';
import { settingsSchema } from '../engines/settings.ts';
import { readWorkerRegistrations, type WorkerRegistration } from '../queue/presence.ts';
import type { QueueBackend } from '../queue/queue.ts';
import { moneyOf } from '../records/money.ts';
import type { Meaning } from '../records/page-data.ts';
import type { Aggregates } from '../records/report/run-aggregates.ts';
import { readChangedRun } from '../records/run-changes.ts';
import { readRunEvents } from '../records/run-events.ts';
import {
  isOver,
  isWorkedOn,
  listReadableRuns,
  type RunRecord,
  type UnreadableRun,
} from '../records/run-record.ts';
import type { RunLines } from '../runs/lines/run-lines.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { meaningAlone } from '../runs/report/page-data-of-run.ts';
import type { Setting } from '../settings/setting.ts';
import { withinTime } from '../util/time-limit.ts';
import type { AccountView, AuditedAccount } from './api/accounts.ts';
import type { RunDetail, RunView } from './api/runs.ts';
import { createAuditViews } from './audit-views.ts';
import { createCoverageViews } from './coverage-views.ts';
import { createMemo } from './memo.ts';

/** Runs and accounts as they are shown: what their records say, and what the queue knows of them just now. */
export interface RunViews {
  /** The newest first. What the queue does not say within two seconds is left out. */
  list(): Promise<{ runs: RunView[]; unreadable: readonly UnreadableRun[] }>;
  view(record: RunRecord): Promise<RunView>;
  detail(record: RunRecord): Promise<RunDetail>;
  accounts(): Promise<AuditedAccount[]>;
  /** The same account, with what the queue alone says of it. */
  healthNow(account: AccountView): Promise<AccountView>;
}

/** Whoever looks, and however often: no more questions than these. */
const keptForInMs = 900;
/** An account is one question to the queue. */
const accountKeptForInMs = 200;
const answerWithinInMs = 2_000;

export function createRunViews({
  rollcall,
  openQueue,
  lines,
}: {
  rollcall: Rollcall;
  openQueue: () => QueueBackend | undefined;
  lines: RunLines;
}): RunViews {
  const { state } = rollcall;
  const audits = createAuditViews(rollcall);
  const coverages = createCoverageViews(rollcall);
  const listRuns = createMemo(keptForInMs, () => listReadableRuns(state));
  const listWorkers = createMemo(keptForInMs, async (): Promise<WorkerRegistration[] | undefined> => {
    const queue = openQueue();
    return queue && inTime(readWorkerRegistrations(queue.presence));
  });
  const readings = new Map<string, () => Promise<AccountReading | undefined>>();

  async function readAccount(account: string): Promise<AccountReading | undefined> {
    const called = await rollcall.calledAccountOf(account);
    const read =
      readings.get(called) ??
      createMemo(accountKeptForInMs, async () => {
        const queue = openQueue();
        return queue && inTime(queue.accounts.read(called));
      });
    readings.set(called, read);
    return read();
  }

  /** The very same as long as nothing can have changed: who looks every second compares no thousands of them. */
  const overViews = new WeakMap<RunRecord, RunView>();

  async function view(record: RunRecord): Promise<RunView> {
    if (isOver(record)) {
      const known = overViews.get(record) ?? viewOf(record, { workers: [], rateOfAccount: undefined });
      overViews.set(record, known);
      return known;
    }
    const workers = await workersOf(record);
    const reading = await readAccount(record.account);
    return viewOf(record, { workers, rateOfAccount: reading && rateOf(reading) });
  }

  const workersOf = async ({ id }: RunRecord) =>
    (await listWorkers())?.filter(({ runs }) => runs.includes(id));

  async function viewAccount(record: RunRecord): Promise<AccountView> {
    const { account, engine, engineUrl } = record;
    const called = await rollcall.calledAccountOf(account);
    const open = (await listRuns()).records.filter((other) => !isOver(other));
    const ofAccount = await Promise.all(open.map((other) => rollcall.calledAccountOf(other.account)));
    const runs = open.filter((_, index) => ofAccount[index] === called);
    const rates = runs.flatMap((run) => (isWorkedOn(run) && run.outlook ? [run.outlook.callsPerSecond] : []));
    return {
      ...{ account, engine, engineUrl },
      ...healthOf(await readAccount(account)),
      rateNow: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0),
      runs: runs.map(({ id }) => id),
    };
  }

  return {
    view,
    async list() {
      const { records, unreadable } = await listRuns();
      return { runs: await Promise.all(records.map(view)), unreadable };
    },
    async detail(written) {
      const record = isOver(written) ? written : await readChangedRun(state, written);
      const { id, settings } = record;
      const [shown, events, summary, engineHealth, workers, aggregates] = await Promise.all([
        view(record),
        readRunEvents(state, id),
        isOver(record) ? readSummary(state, id) : undefined,
        viewAccount(record),
        isOver(record) ? [] : workersOf(record),
        lines.aggregates(record),
      ]);
      return {
        ...shown,
        settings: shownSettings(record),
        changeable: {
          rate: settings.rate ?? engineHealth.rateLimit ?? rollcall.settings.rate,
          concurrency: record.concurrency ?? rollcall.settings.concurrency,
          stopAfterFailures: shownThreshold(settings.stopAfterFailures),
        },
        processes: (workers ?? []).map(({ name, host, since }) => ({ name, host, since })),
        ...(record.canary && { canary: record.canary }),
        ...(record.undone && { undone: record.undone }),
        events,
        aggregates,
        meanings: meaningsOf(record, aggregates),
        summary: summary ?? null,
        engineHealth,
      };
    },
    async accounts() {
      const newest = new Map<string, RunRecord>();
      for (const record of (await listRuns()).records) {
        const called = await rollcall.calledAccountOf(record.account);
        if (!newest.has(called)) newest.set(called, record);
      }
      return Promise.all(
        [...newest.values()].map(async (record) => ({
          ...(await viewAccount(record)),
          audit: (await audits.newestOf(record.account)) ?? null,
          coverage: await coverages.newestOf(record.account),
        })),
      );
    },
    healthNow: async (account) => ({ ...account, ...healthOf(await readAccount(account.account)) }),
  };
}

function meaningsOf({ engine }: RunRecord, { byCode }: Aggregates): Record<string, Meaning> {
  return Object.fromEntries(Object.keys(byCode).map((code) => [code, meaningAlone({ engine, code })]));
}

/** A store that is away lets a question wait, perhaps for ever. */
const inTime = <Result>(question: Promise<Result>): Promise<Result | undefined> =>
  withinTime<Result | undefined, undefined>(question, {
    limitInMs: answerWithinInMs,
    whenLate: () => undefined,
  }).catch(() => undefined);

function viewOf(
  record: RunRecord,
  { workers, rateOfAccount }: { workers: readonly unknown[] | undefined; rateOfAccount: number | undefined },
): RunView {
  const { id, createdAt, updatedAt, source, engine, account, schedule, settings } = record;
  const { listed, done, deadLetters, calls } = record.counts;
  const outlook = isWorkedOn(record) ? record.outlook : undefined;
  return {
    ...{ id, createdAt, updatedAt, source, engine, account },
    state: record.state === 'active' && !record.listed ? 'listing' : record.state,
    ...(schedule !== undefined && { schedule }),
    waitsFor: record.waitsFor ?? null,
    ...{ listed, done, deadLetters, calls },
    total: record.listed?.count ?? null,
    rateNow: outlook?.callsPerSecond ?? null,
    rateLimit: settings.rate ?? rateOfAccount ?? null,
    etaSeconds: outlook?.leftInMs === undefined ? null : Math.round(outlook.leftInMs / 1000),
    workers: workers?.length ?? outlook?.workers ?? 0,
    money: moneyOf({ ...record, isListed: record.listed !== undefined }) ?? null,
  };
}

/** Undefined where no process was there lately. */
function rateOf({ state, now }: AccountReading): number | undefined {
  const rate = lowestRate(state, { processName: '', ratePerSecond: Number.POSITIVE_INFINITY }, now);
  return Number.isFinite(rate) ? rate : undefined;
}

function healthOf(
  reading: AccountReading | undefined,
): Pick<AccountView, 'health' | 'reason' | 'until' | 'rateLimit'> {
  if (!reading) return { health: 'unknown', reason: null, until: null, rateLimit: null };
  const { state, now } = reading;
  const { state: health, brief, message } = accountSummary(state, now);
  const at = state.down ? probeFreeAt(state) : state.throttling?.until;
  const isWaiting = health !== 'open' && health !== 'paused' && at !== undefined && at > now;
  return {
    health: health === 'open' ? 'up' : health,
    reason: brief ?? message ?? null,
    until: isWaiting ? new Date(at).toISOString() : null,
    rateLimit: rateOf(reading) ?? null,
  };
}

function shownSettings({ settings }: RunRecord): Record<string, string | number | boolean> {
  const known = Object.entries<Setting>(settingsSchema).flatMap(([key, { type }]) => {
    const value: unknown = (settings as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) return [];
    return [[key, typeof value === 'number' || typeof value === 'boolean' ? value : type.write(value)]];
  });
  return Object.fromEntries(known);
}

const shownThreshold = (threshold: RunRecord['settings']['stopAfterFailures']) =>
  'count' in threshold ? threshold.count : settingsSchema.stopAfterFailures.type.write(threshold);
