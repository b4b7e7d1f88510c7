import { randomInt } from 'node:crypto';
import { agreeOnTerms, openSpending, type SpendingTerms } from '../../account/spending.ts';
import { assertIdentifies } from '../../engines/registry.ts';
import { thresholdOf } from '../../engines/similarity.ts';
import {
  type AuditRecord,
  answersPathOf,
  auditMoneyFolderOf,
  listAuditRecords,
  planPathOf,
  readAuditSummary,
  writeAuditRecord,
} from '../../records/audit/audit-record.ts';
import { type AuditSummary, chosenOf } from '../../records/audit/audit-summary.ts';
import { createSeqBitmap, type SeqBitmap } from '../../records/report/seq-bitmap.ts';
import { checkBudget } from '../../settings/check-together.ts';
import type { CallCounts, Price } from '../../settings/price.ts';
import { type ShareOrCount, sample as sampleType } from '../../settings/value-types.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { UsageError } from '../../util/errors.ts';
import { inOrder } from '../../util/in-order.ts';
import { newRunId } from '../create-or-resume-run.ts';
import { holdTurn } from '../hold-turn.ts';
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
  readonly onStart?: (audit: {
    id: string;
    resumed: boolean;
    seed: number;
    subjects: number;
    /** Calls at least that are still to be made, and what one costs if somebody said so. */
    calls: CallCounts;
    price: Price | undefined;
  }) => void;
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
  // Two would ask about everybody twice.
  const turn = { key: `audit-${calledAccount}`, taken: 'Another process audits this account', signal };
  return holdTurn(rollcall, turn, auditInTurn);

  async function auditInTurn(either: AbortSignal): Promise<AuditEnd> {
    const wanted = { sample: nameOf(sample), threshold: thresholdOf(engine, settings) };
    const found = await findAudit(rollcall, { ...wanted, seed, repair });
    if (!found) checkBudget(settings);
    const record = found ?? (await beginAudit(rollcall, { ...wanted, sample, seed, signal: either }));
    const terms = await agreeOnTerms(state, auditMoneyFolderOf(record.id), settings);
    if (record.state === 'repairing') {
      const summary = await readAuditSummary(state, record.id);
      if (summary) return { kind: 'over', summary, record };
    }
    const done = await askedBefore(state, record.id);
    const subjects = chosenOf(record.population);
    const calls = { [engine.verify ? 'verify' : 'identify']: subjects - done.count };
    const { id, seed: chosenBy } = record;
    onStart({ id, resumed: found !== undefined, seed: chosenBy, subjects, calls, price: terms.price });
    const end = await askAll(rollcall, {
      ...{ record, done, terms },
      signal: either,
      onDone: () => onProgress({ done: done.count, of: subjects }),
    });
    if (end.kind !== 'over') return { ...end, audit: record.id };
    await state.seal(answersPathOf(record.id));
    const summary = await concludeAudit(rollcall, record, { terms, signal: either });
    const isRepairing = repair && isRepairable(summary);
    const concluded: AuditRecord = { ...record, state: isRepairing ? 'repairing' : 'finished' };
    await writeAuditRecord(state, concluded);
    return { kind: 'over', summary, record: concluded };
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
  if (chosenOf(population) === 0) {
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
  options: {
    record: AuditRecord;
    done: SeqBitmap;
    terms: SpendingTerms;
    signal: AbortSignal;
    onDone: () => void;
  },
): Promise<AskEnd> {
  const { state, settings } = rollcall;
  const { record, done, terms, signal, onDone } = options;
  if (done.count >= chosenOf(record.population)) return { kind: 'over' };
  const places = { rootFolder: undefined };
  const spending = openSpending(state, auditMoneyFolderOf(record.id), terms);
  const asking = await openAsking(rollcall, { places, name: `audit-${record.id}`, spending, signal });
  const { paid } = asking;
  const appender = await state.openAppender(answersPathOf(record.id));
  const lines = createLineAppender(appender);
  const standIn = createStandIn(state, record.id, asking.context);
  const context: AskingContext = { ...asking.context, standIn: standIn.get };
  const askOne = async (planned: PlannedSubject) => {
    const answer = await paid.unlessSpent(askSubject(planned, context));
    if (!answer) return;
    await lines.add({ ...planned, answer });
    done.add(planned.seq);
    onDone();
  };
  try {
    // No more than that are asked about again after a kill: an answer counts once it is durable.
    const window = settings.concurrency;
    const toAsk = paid.whilePaid(notYetAsked(state, record.id, { done, context }));
    for await (const _ of inOrder(toAsk, window, askOne));
    return await asking.end();
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
