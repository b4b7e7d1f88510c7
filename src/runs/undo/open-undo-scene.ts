import { setMaxListeners } from 'node:events';
import type { Spending } from '../../account/spending.ts';
import { undoLeaseKey } from '../../account/undo-hold.ts';
import type { DeleteReply, DeleteRequest } from '../../engines/engine.ts';
import { createForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import { watchForgotten } from '../../ledger/forgotten-watch.ts';
import { createByteBudget } from '../../photos/byte-budget.ts';
import { createPhotoReader } from '../../photos/read-photo.ts';
import { photosBudgetInBytes } from '../../photos/read-within-budget.ts';
import { type Lease, takeLease } from '../../queue/lease.ts';
import { isOver, type RunRecord } from '../../records/run-record.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { templateKey } from '../../util/template-id.ts';
import { assertNotForgotten } from '../../worker/assert-not-forgotten.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openAccountOf } from '../review/retry-dead-letters.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { type AwaitedBy, findAwaited } from './find-awaited.ts';
import type { PlanOptions, TemplatePlan } from './plan-undo.ts';
import type { RestoreContext } from './restore-photo.ts';
import { readDone } from './undo-files.ts';

export type UndoTools = Pick<
  Rollcall,
  'settings' | 'state' | 'engine' | 'engineOf' | 'calledAccountOf' | 'queue' | 'limiter' | 's3' | 'log'
>;

const leaseMarginInMs = 20_000;

/** What an undoing works with; to be closed. */
export async function openUndoScene(
  rollcall: UndoTools,
  record: RunRecord,
  { spending, signal: given }: { spending: Pick<Spending, 'takeCall' | 'giveBackCall'>; signal: AbortSignal },
) {
  if (!isOver(record))
    throw new UsageError(
      'run-not-over',
      `Run ${record.id} is ${record.state}: what it does next could not be taken back. End it first: rollcall cancel ${record.id}`,
    );
  const { state, settings, s3, log } = rollcall;
  const { id, engine: engineName, account } = record;
  const opened = openAccountOf(rollcall.engineOf, record);
  const { engine } = opened;
  const backend = await rollcall.queue();
  const calledAccount = await rollcall.calledAccountOf(account);
  const accounts = await findSameAccounts({ ...rollcall, engine: () => opened });
  const limiter = await rollcall.limiter(account);
  const forgotten = createForgottenSubjects({ state, engine: engineName, account });
  const watch = watchForgotten({ state, engine: engineName, account, runId: id, log });
  const lost = new AbortController();
  const signal = AbortSignal.any([given, lost.signal]);
  // Every call in flight listens.
  setMaxListeners(0, signal);
  // Wherever they lie: no other bytes than those that were enrolled are sent.
  const reader = createPhotoReader({
    ...{ allowPrivate: settings.allowPrivate, rootFolder: undefined, absoluteAnywhere: true, s3 },
    timeoutInMs: settings.timeout,
  });
  let lease: Lease | undefined;
  const assertHeld = () => {
    // A call that is begun is over before another process could think that this one is.
    if (lease?.isFresh(settings.timeout)) return;
    lost.abort(wasStopped());
    throw lost.signal.reason;
  };
  const restoring: RestoreContext = {
    ...{ engine, limiter, readPhoto: reader.read, settings, signal },
    takeCall: spending.takeCall,
    giveBackCall: spending.giveBackCall,
    memory: createByteBudget(photosBudgetInBytes),
    runId: `undo-${id}`,
    async assertAllowed(subject) {
      await assertNotForgotten(watch, subject, signal);
      assertHeld();
    },
  };
  return {
    ready: opened.ready,
    backend,
    accounts,
    signal,
    restoring,
    async deleteTemplate(request: DeleteRequest): Promise<DeleteReply> {
      assertHeld();
      // Without it nothing is planned to be deleted.
      if (!engine.deleteTemplate) throw new Error(`the engine ${engine.name} has no deletion`);
      return engine.deleteTemplate(request);
    },
    async planOptions(): Promise<PlanOptions> {
      await forgotten.refresh();
      return {
        ...{ state, backend, record, accounts, calledAccount, forgotten, signal },
        canDelete: engine.deleteTemplate !== undefined,
        done: await readDone(state, id),
      };
    },
    /** Who is to be left alone, as of now. */
    findAwaited: (plans: readonly TemplatePlan[]): Promise<AwaitedBy> =>
      findAwaited(state, {
        ...{ backend, accounts, engine: engineName, signal },
        templates: new Set(plans.map(({ templateId }) => templateKey(templateId))),
      }),
    /** While the action lasts, no other process enrolls into the account, or undoes a run of it. */
    async hold<Result>(action: () => Promise<Result>): Promise<Result> {
      lease = await takeLease({
        leases: backend.leases,
        key: undoLeaseKey(calledAccount),
        durationInMs: 2 * settings.timeout + leaseMarginInMs,
        // Whoever enrolls only looks: what was planned before may be another run's by now.
        endsWithLapse: true,
        onError: (error) => log.warn({ run: id, reason: error.message }, 'the queue reported a fault'),
      });
      if (!lease)
        throw new UsageError(
          'undo',
          'Another process undoes a run of this account: wait until it has ended.',
        );
      const released = new AbortController();
      const kept = lease.keep(released.signal).then(() => {
        if (!released.signal.aborted) lost.abort(wasStopped());
      });
      try {
        return await action();
      } catch (error) {
        // Whatever it ended in: that is why.
        throw lost.signal.aborted && !given.aborted ? lost.signal.reason : error;
      } finally {
        released.abort();
        await kept;
        await lease.release();
      }
    },
    async close(): Promise<void> {
      watch.stop();
      await reader.close();
    },
  };
}

const wasStopped = () =>
  new FaultError(
    'undo',
    'This process was stopped for too long to go on, or the queue has lost its data: start the command again.',
  );
