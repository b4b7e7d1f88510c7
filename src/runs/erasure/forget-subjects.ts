import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { resumeFixedAccount } from '../../account/account-pause.ts';
import { AccountPausedError } from '../../account/rate-limiter.ts';
import { undoLeaseKey } from '../../account/undo-hold.ts';
import type { Engine } from '../../engines/engine.ts';
import { createErasureLog, forgetListFolder, writeForgetEntries } from '../../ledger/forget-files.ts';
import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import { purgeLedger } from '../../ledger/purge-ledger.ts';
import { UsageError } from '../../util/errors.ts';
import { forgetInLists } from '../inbox/clear-lists.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { eraseTemplate, type TemplateEnd } from './erase-template.ts';
import { forgetReviews } from './forget-reviews.ts';
import { findKnownTemplates, type KnownTemplates, templatesInQueue } from './known-templates.ts';
import { planErasure } from './plan-erasure.ts';
import { waitForCallers } from './wait-for-callers.ts';

/** How `forgetSubjects` ended. */
export interface ForgetEnd {
  /** Subjects that were named, each once. */
  readonly subjects: number;
  /** Those whose templates are gone, all that were known of. */
  readonly erased: number;
  /** Among them, those that the same command had erased before it was stopped and started again. */
  readonly erasedBefore: number;
  /** Templates that the engine deleted. */
  readonly templatesDeleted: number;
  /** Templates that it did not have (any more). */
  readonly templatesGone: number;
  /** Those that could not be deleted, and why. */
  readonly failed: readonly { readonly subjectId: string; readonly message: string }[];
  /** Subjects one of whose templates was left alone, for another subject was enrolled under it since. */
  readonly leftToOthers: readonly string[];
  /** Subjects of whom neither this state nor the engine knew anything: perhaps they are written otherwise. */
  readonly unknown: readonly string[];
  /** Absolute path or address of what was added to the erasure log. */
  readonly log?: string;
  /** Set where the account stopped it: what has to be fixed. The subjects are on the list; started again it goes on. */
  readonly waitsFor?: string;
}

export interface ForgetOptions {
  readonly signal: AbortSignal;
  /** Called if calls of others have to be waited for. */
  readonly onWait?: (wait: { runIds: readonly string[]; durationInMs: number }) => void;
  readonly onProgress?: (progress: { done: number; of: number }) => void;
}

/**
 * Enters subjects into the forget list of the settings' engine, so that no run enrolls them any more, and then deletes
 * their templates at the settings' account. May die on any line: started again with the same subjects it goes on with those that are not erased.
 * @param given subject ids; the same in another form of Unicode, or with blanks around it, is the same
 * @throws UsageError for an engine that cannot delete; the signal's reason when aborted
 */
export async function forgetSubjects(
  rollcall: Pick<
    Rollcall,
    'settings' | 'state' | 'engine' | 'engineOf' | 'calledAccountOf' | 'queue' | 'limiter'
  >,
  given: Iterable<string>,
  { signal, onWait = () => {}, onProgress = () => {} }: ForgetOptions,
): Promise<ForgetEnd> {
  const { state, settings } = rollcall;
  const { engine, account, calledAccount } = rollcall.engine();
  const deleteTemplate = deletionOf(engine);
  const subjects = [...new Set([...given].map(keyWithoutBlanks))];
  const backend = await rollcall.queue();
  const { leases, presence } = backend;
  const accounts = await findSameAccounts(rollcall);

  const plan = await planErasure(state, { engine: engine.name, account, subjects });
  const now = Math.max(Date.now(), plan.newerThan + 1);
  const at = new Date(now).toISOString();
  const toList = { engine: engine.name, subjects: plan.toList, kind: 'forget', at } as const;
  if (plan.toList.length > 0)
    await writeForgetEntries(state, { folder: forgetListFolder(engine.name), ...toList });
  // Whatever becomes of the calls, nobody enrolls them from here on.
  await resumeFixedAccount(backend.accounts, account);
  const listedAt = plan.toList.length > 0 ? now : plan.listedAt;
  const timeoutInMs = settings.timeout;
  const isUndoing = (await leases.holder(undoLeaseKey(calledAccount))) !== undefined;
  const others = isUndoing ? ['rollcall undo'] : [];
  await waitForCallers({ state, presence, accounts, listedAt, timeoutInMs, others, signal, onWait });

  const open = [...plan.pending, ...plan.toList];
  const known = await findKnownTemplates(state, {
    accounts,
    engine: engine.name,
    subjects: new Set(open),
    inQueue: (runId) => templatesInQueue(backend, runId),
    signal,
  });
  const log = createErasureLog(state, { engine: engine.name, account: calledAccount });
  const counts = { templatesDeleted: 0, templatesGone: 0 };
  const erased = new Set(plan.done);
  const failed: { subjectId: string; message: string }[] = [];
  const leftToOthers: string[] = [];
  const unknown: string[] = [];
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  // Every call in flight listens.
  setMaxListeners(0, either);
  const limiter = await rollcall.limiter(account);
  const context = { limiter, takeCall: async () => true };

  const eraseOne = async (subject: string, number: number): Promise<void> => {
    const { templateIds, isLeft } = templatesOf(subject, engine, known);
    if (isLeft) leftToOthers.push(subject);
    const ends: (TemplateEnd & { templateId: string; at: string })[] = [];
    for (const [index, templateId] of templateIds.entries()) {
      const name = `forget/${account}/${number}/${index}`;
      const end = await eraseTemplate({
        context,
        runId: 'forget',
        deleteTemplate,
        templateId,
        name,
        retries: settings,
        signal: either,
      });
      ends.push({ ...end, templateId, at: new Date().toISOString() });
    }
    const gone = ends.filter((end) => end.kind === 'gone');
    counts.templatesDeleted += gone.filter(({ existed }) => existed !== false).length;
    counts.templatesGone += gone.filter(({ existed }) => existed === false).length;
    const unmoved = ends.find((end) => end.kind === 'failed');
    if (unmoved) {
      failed.push({ subjectId: subject, message: unmoved.message });
      return;
    }
    const isKnown = known.ofSubject.has(subject) || plan.erasedEver.has(subject);
    if (!isKnown && gone.every(({ existed }) => existed === false)) unknown.push(subject);
    const templates = gone.map(({ kind: _, ...template }) => template);
    await log.append({ subjectId: subject, templates, notBefore: listedAt });
    erased.add(subject);
    onProgress({ done: erased.size + failed.length, of: subjects.length });
  };

  let waitsFor: string | undefined;
  try {
    const inTurn = pLimit(settings.concurrency);
    const ends = await Promise.allSettled(
      open.map((subject, index) =>
        inTurn(async () => {
          either.throwIfAborted();
          // The first that fails stops the others.
          await eraseOne(subject, index).catch((error) => {
            stop.abort(error);
            throw error;
          });
        }),
      ),
    );
    signal.throwIfAborted();
    const fault = ends.find((end) => end.status === 'rejected')?.reason;
    if (fault instanceof AccountPausedError) waitsFor = fault.pause.message;
    else if (fault !== undefined) throw fault;
  } finally {
    await log.close();
  }
  // Where somebody else tidies the ledger just now, what is erased is left out there.
  for (const named of accounts)
    await purgeLedger({ state, leases, account: named, subjects: erased, signal });
  const all = new Set(subjects);
  await forgetReviews(state, { subjects: all, signal });
  await forgetInLists(state, { isGone: (id) => all.has(keyWithoutBlanks(id)), signal });
  return {
    subjects: subjects.length,
    erased: erased.size,
    erasedBefore: plan.done.length,
    ...counts,
    failed,
    leftToOthers,
    unknown,
    ...(log.path !== undefined && { log: state.locate(log.path) }),
    ...(waitsFor !== undefined && { waitsFor }),
  };
}

function deletionOf(engine: Engine): NonNullable<Engine['deleteTemplate']> {
  const { deleteTemplate } = engine;
  if (deleteTemplate) return (request) => deleteTemplate.call(engine, request);
  throw new UsageError(
    'engine',
    `The engine ${engine.name} has no call that deletes a template: nobody was forgotten.`,
  );
}

function templatesOf(
  subject: string,
  engine: Engine,
  { ofSubject, isOfOther }: KnownTemplates,
): { templateIds: string[]; isLeft: boolean } {
  const all = [...new Set([engine.templateIdFor(subject), ...(ofSubject.get(subject) ?? [])])];
  const templateIds = all.filter((templateId) => !isOfOther(templateId));
  return { templateIds, isLeft: templateIds.length < all.length };
}
