import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { resumeFixedAccount } from '../../account/account-pause.ts';
import { AccountPausedError } from '../../account/rate-limiter.ts';
import { agreeOnTerms, createSpendingWatch, openSpending, removeSpending } from '../../account/spending.ts';
import { undoLeaseKey } from '../../account/undo-hold.ts';
import type { Engine } from '../../engines/engine.ts';
import { createErasureLog, forgetListFolder, writeForgetEntries } from '../../ledger/forget-files.ts';
import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import { purgeLedger } from '../../ledger/purge-ledger.ts';
import { forgetInLists } from '../inbox/clear-lists.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { eraseTemplate, type TemplateEnd } from './erase-template.ts';
import type { ForgetEnd, ForgetOptions, ForgetTools } from './forget-contract.ts';
import { forgetReviews } from './forget-reviews.ts';
import { findKnownTemplates, type KnownTemplates, templatesInQueue } from './known-templates.ts';
import { planErasure } from './plan-erasure.ts';
import { waitForCallers } from './wait-for-callers.ts';

/**
 * Lists subjects, waits for calls that did not know of that, and deletes their templates. `moneyFolder`: where what that costs
 * is counted, over all starts.
 */
export async function eraseSubjects(
  rollcall: ForgetTools,
  {
    subjects,
    moneyFolder,
    deleteTemplate,
  }: {
    subjects: readonly string[];
    moneyFolder: string;
    deleteTemplate: NonNullable<Engine['deleteTemplate']>;
  },
  { signal, onWait = () => {}, onStart = () => {}, onProgress = () => {} }: ForgetOptions,
): Promise<ForgetEnd> {
  const { state, settings } = rollcall;
  const { engine, account, calledAccount } = rollcall.engine();
  const backend = await rollcall.queue();
  const { leases, presence } = backend;
  const accounts = await findSameAccounts(rollcall);
  const terms = await agreeOnTerms(state, moneyFolder, settings);

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
  const spending = openSpending(state, moneyFolder, terms);
  const paid = createSpendingWatch();
  const context = { limiter, takeCall: spending.takeCall, giveBackCall: spending.giveBackCall };
  const toErase = open.map((subject) => ({ subject, ...templatesOf(subject, engine, known) }));
  const calls = toErase.reduce((sum, { templateIds }) => sum + templateIds.length, 0);
  onStart({ calls, price: terms.price });

  const eraseOne = async (
    { subject, templateIds, isLeft }: (typeof toErase)[number],
    number: number,
  ): Promise<void> => {
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
      toErase.map((one, index) =>
        inTurn(async () => {
          either.throwIfAborted();
          if (paid.isSpent) return;
          // The first that fails stops the others; where the money is spent, what is at work comes to its end.
          await paid.unlessSpent(eraseOne(one, index)).catch((error) => {
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
    else if (paid.isSpent) waitsFor = await spending.whyStopped();
  } finally {
    await log.close();
    await spending.close();
  }
  const money = await spending.spent();
  // Where somebody else tidies the ledger just now, what is erased is left out there.
  for (const named of accounts)
    await purgeLedger({ state, leases, account: named, subjects: erased, signal });
  const all = new Set(subjects);
  await forgetReviews(state, { subjects: all, signal });
  await forgetInLists(state, { isGone: (id) => all.has(keyWithoutBlanks(id)), signal });
  if (erased.size === subjects.length) await removeSpending(state, moneyFolder);
  return {
    subjects: subjects.length,
    erased: erased.size,
    erasedBefore: plan.done.length,
    ...counts,
    failed,
    leftToOthers,
    unknown,
    ...(log.path !== undefined && { log: state.locate(log.path) }),
    ...(money && { money }),
    ...(waitsFor !== undefined && { waitsFor }),
  };
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
