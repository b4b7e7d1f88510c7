import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { assertIdentifies } from '../../engines/registry.ts';
import { thresholdOf } from '../../engines/similarity.ts';
import { type Lease, takeLease } from '../../queue/lease.ts';
import {
  type AuditRecord,
  answersPathOf,
  listAuditRecords,
  planPathOf,
  readAuditSummary,
  writeAuditRecord,
} from '../../records/audit-record.ts';
import type { AuditSummary } from '../../records/audit-summary.ts';
import { createSeqBitmap, type SeqBitmap } from '../../records/seq-bitmap.ts';
import { type ShareOrCount, sample as sampleType } from '../../settings/value-types.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { inOrder } from '../../util/in-order.ts';
import { newRunId } from '../create-or-resume-run.ts';
import { type AskEnd, type AskTools, openAsking } from '../identify/open-asking.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { type AskingContext, askSubject } from './ask-subject.ts';
import { chooseSubjects } from './choose-subjects.ts';
import { concludeAudit } from './conclude-audit.ts';
import { createLineAppender } from './line-appender.ts';
import { type PlannedSubject, readAnswers, readPlan } from './plan.ts';
import { isRepairable } from './repair.ts';
import { createStandIn } from './stand-in.ts';

export interface AuditOptions {
  /** How many subjects: a count, a share, or all (the share 1). Default: 2,000. */
  readonly sample?: ShareOrCount;
  /** By which they are chosen: the same seed and ledger choose the same. Default: made by chance. */
  readonly seed?: number | undefined;
  /** Whether what is missing or changed is to be enrolled anew: see `enqueueRepairs`. */
  readonly repair?: boolean;
  /** Drains: calls in flight end, the audit can be gone on with. */
  readonly signal: AbortSignal;
  readonly onStart?: (audit: { id: string; resumed: boolean; seed: number; subjects: number }) => void;
  /** `done`: subjects that were asked about, in an earlier process too. */
  readonly onProgress?: (progress: { done: number; of: number }) => void;
}

export type AuditEnd =
  | { readonly kind: 'over'; readonly summary: AuditSummary; readonly record: AuditRecord }
  | (Exclude<AskEnd, { kind: 'over' }> & { readonly audit: string });

export type AuditTools = AskTools & Pick<Rollcall, 'engineOf' | 'calledAccountOf'>;

const usualSample: ShareOrCount = { count: 2_000 };

const nameOf = (sample: ShareOrCount) =>
  'share' in sample && sample.share === 1 ? 'all' : sampleType.write(sample);
const lookEveryInMs = 250;
/** A dead process of another machine may still hold it. */
const longestWaitForLeaseInMs = 25_000;

/**
 * Asks the engine of the settings whether it holds what the ledger says, in this process, at the account's pace. An audit
 * of the same sample, seed and threshold that was stopped goes on where it was.
 * @throws UsageError for an engine that can neither verify nor identify, for a ledger that knows nobody, and while another
 * process audits the account
 */
export async function audit(rollcall: AuditTools, options: AuditOptions): Promise<AuditEnd> {
  const { sample = usualSample, seed, repair = false, signal } = options;
  const { onStart = () => {}, onProgress = () => {} } = options;
  const { state, settings } = rollcall;
  const { engine, calledAccount } = rollcall.engine();
  if (!engine.verify) assertIdentifies(engine, 'rollcall audit');
  const lease = await takeTurn(rollcall, calledAccount, signal);
  const lost = new AbortController();
  const kept = lease.keep(lost.signal).then(() => lost.abort());
  const either = AbortSignal.any([signal, lost.signal]);
  try {
    const wanted = { sample: nameOf(sample), threshold: thresholdOf(engine, settings) };
    const found = await findAudit(rollcall, { ...wanted, seed, repair });
    const record = found ?? (await beginAudit(rollcall, { ...wanted, sample, seed, signal: either }));
    if (record.state === 'repairing') {
      const summary = await readAuditSummary(state, record.id);
      if (summary) return { kind: 'over', summary, record };
    }
    const done = await askedBefore(state, record.id);
    const subjects = record.population.heldChosen + record.population.forgottenChosen;
    onStart({ id: record.id, resumed: found !== undefined, seed: record.seed, subjects });
    const end = await askAll(rollcall, {
      record,
      done,
      signal: either,
      onDone: () => onProgress({ done: done.count, of: subjects }),
    });
    if (lost.signal.aborted && !signal.aborted)
      throw new FaultError('queue', 'Another process has taken over this audit.');
    if (end.kind !== 'over') return { ...end, audit: record.id };
    await state.seal(answersPathOf(record.id));
    const summary = await concludeAudit(rollcall, record, either);
    const isRepairing = repair && isRepairable(summary);
    const concluded: AuditRecord = { ...record, state: isRepairing ? 'repairing' : 'finished' };
    await writeAuditRecord(state, concluded);
    return { kind: 'over', summary, record: concluded };
  } finally {
    lost.abort();
    await kept;
    await lease.release();
  }
}

/** One process at a time audits an account: two would ask about everybody twice. */
async function takeTurn(
  { queue }: Pick<Rollcall, 'queue'>,
  calledAccount: string,
  signal: AbortSignal,
): Promise<Lease> {
  const { leases } = await queue();
  const waitsUntil = performance.now() + longestWaitForLeaseInMs;
  while (true) {
    const lease = await takeLease({ leases, key: `audit-${calledAccount}` });
    if (lease) return lease;
    if (performance.now() > waitsUntil)
      throw new UsageError('audit-under-way', 'Another process audits this account. Wait for its end.');
    await delay(lookEveryInMs, undefined, { signal });
  }
}

interface Wanted {
  readonly sample: string;
  readonly threshold: number;
  readonly seed: number | undefined;
  readonly repair: boolean;
}

/** The newest audit that this command means and that has not come to its end. */
async function findAudit(
  { state, engine }: Pick<Rollcall, 'state' | 'engine'>,
  { sample, threshold, seed, repair }: Wanted,
): Promise<AuditRecord | undefined> {
  const { account } = engine();
  return (await listAuditRecords(state)).find(
    (record) =>
      (record.state === 'asking' || (repair && record.state === 'repairing')) &&
      record.account === account &&
      record.sample === sample &&
      record.threshold === threshold &&
      (seed === undefined || record.seed === seed),
  );
}

const seedsBelow = 2 ** 32;

/** It is there once its plan is whole. */
async function beginAudit(
  rollcall: AuditTools,
  {
    sample,
    threshold,
    seed = randomInt(seedsBelow),
    signal,
  }: { sample: ShareOrCount; threshold: number; seed?: number | undefined; signal: AbortSignal },
): Promise<AuditRecord> {
  const { engine, url, account } = rollcall.engine();
  const id = newRunId();
  const createdAt = new Date().toISOString();
  const population = await chooseSubjects(rollcall, { id, sample, seed, signal });
  if (population.heldChosen + population.forgottenChosen === 0) {
    await rollcall.state.remove(planPathOf(id));
    throw new UsageError(
      'audit-empty',
      `By the ledger in ${rollcall.state.address} this account of ${engine.name} at ${url} holds nobody: is it the state and the account of the runs?`,
    );
  }
  const record: AuditRecord = {
    schema: 'rollcall.audit-record/1',
    ...{ id, engine: engine.name, engineUrl: url, account },
    ...{ sample: nameOf(sample), seed, threshold, createdAt, population, state: 'asking' },
  };
  await writeAuditRecord(rollcall.state, record);
  return record;
}

async function askedBefore(state: StateStore, id: string): Promise<SeqBitmap> {
  const done = createSeqBitmap();
  for await (const { seq } of readAnswers(state, id)) done.add(seq);
  return done;
}

async function askAll(
  rollcall: AuditTools,
  options: { record: AuditRecord; done: SeqBitmap; signal: AbortSignal; onDone: () => void },
): Promise<AskEnd> {
  const { state, settings } = rollcall;
  const { record, done, signal, onDone } = options;
  const { heldChosen, forgottenChosen } = record.population;
  if (done.count >= heldChosen + forgottenChosen) return { kind: 'over' };
  const places = { rootFolder: undefined };
  const asking = await openAsking(rollcall, { places, name: `audit-${record.id}`, signal });
  const appender = await state.openAppender(answersPathOf(record.id));
  const lines = createLineAppender(appender);
  const standIn = createStandIn(state, record.id, asking.context);
  const context: AskingContext = { ...asking.context, standIn: standIn.get };
  const askOne = async (planned: PlannedSubject) => {
    const answer = await askSubject(planned, context);
    await lines.add({ ...planned, answer });
    done.add(planned.seq);
    onDone();
  };
  try {
    // No more than that are asked about again after a kill: an answer counts once it is durable.
    const window = settings.concurrency;
    for await (const _ of inOrder(notYetAsked(state, record.id, { done, context }), window, askOne));
    return { kind: 'over' };
  } catch (error) {
    return asking.endOf(error);
  } finally {
    standIn.close();
    await asking.close();
    await appender.close();
  }
}

async function* notYetAsked(
  state: StateStore,
  id: string,
  { done, context }: { done: SeqBitmap; context: AskingContext },
): AsyncGenerator<PlannedSubject> {
  for await (const planned of readPlan(state, id)) {
    context.draining.throwIfAborted();
    if (!done.has(planned.seq)) yield planned;
  }
}
