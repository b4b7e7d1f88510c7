import { setMaxListeners } from 'node:events';
import { resumeFixedAccount } from '../../account/account-pause.ts';
import { AccountPausedError } from '../../account/rate-limiter.ts';
import { createSpendingWatch, type Spending } from '../../account/spending.ts';
import { checkThreshold } from '../../engines/similarity.ts';
import { createByteBudget } from '../../photos/byte-budget.ts';
import { photosBudgetInBytes } from '../../photos/read-within-budget.ts';
import { graceSignal } from '../../util/abort-signals.ts';
import { createSourceWatch, sourceWaitInMs } from '../../worker/source-watch.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openPhotoReader, type PhotoPlaces } from '../run-source.ts';
import type { AskContext } from './ask-with-retries.ts';

/** How asking about photos ended. */
export type AskEnd =
  | { readonly kind: 'over' }
  /** The account, a source that cannot be read, or the budget stopped it: what has to be fixed. */
  | { readonly kind: 'paused'; readonly waitsFor: string }
  | { readonly kind: 'interrupted' };

export type AskTools = Pick<Rollcall, 'settings' | 's3' | 'state' | 'engine' | 'queue' | 'limiter' | 'log'>;

export interface Asking {
  readonly context: AskContext;
  /** The same photos, and what they are worked on with, until the money is spent; what is at work then has its result. */
  readonly paid: ReturnType<typeof createSpendingWatch>;
  /** How it ended where nothing was thrown. */
  end(): Promise<AskEnd>;
  /** What an error that ended the asking means. @throws the error where it is a fault */
  endOf(error: unknown): AskEnd;
  close(): Promise<void>;
}

/**
 * Readies the account of the settings for photos that belong to no run: their calls are paced like any other.
 * @throws UsageError for a threshold of another scale, and for an account that somebody paused
 */
export async function openAsking(
  rollcall: AskTools,
  {
    places,
    name,
    spending,
    signal,
  }: { places: PhotoPlaces; name: string; spending: Spending; signal: AbortSignal },
): Promise<Asking> {
  const { settings } = rollcall;
  const opened = rollcall.engine();
  checkThreshold(opened.engine, settings);
  await opened.ready();
  await resumeFixedAccount((await rollcall.queue()).accounts, opened.account);
  const { allowPrivate } = settings;
  const reader = openPhotoReader(rollcall, places, { allowPrivate });
  const grace = graceSignal(signal, settings.grace);
  const stop = new AbortController();
  const end = () => stop.abort(signal.reason);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  // Every photo at work listens.
  for (const each of [stop.signal, grace.signal]) setMaxListeners(0, each);
  let sourceProblem: string | undefined;
  const paid = createSpendingWatch();
  return {
    paid,
    end: async () =>
      paid.isSpent ? { kind: 'paused', waitsFor: await spending.whyStopped() } : { kind: 'over' },
    context: {
      engine: opened.engine,
      settings,
      name,
      limiter: await rollcall.limiter(opened.account),
      takeCall: spending.takeCall,
      giveBackCall: spending.giveBackCall,
      readPhoto: reader.read,
      source: createSourceWatch({
        readPhoto: reader.read,
        renew: () => rollcall.s3.renew(),
        waitInMs: sourceWaitInMs(settings),
        async giveUp(problem) {
          sourceProblem = problem;
          stop.abort();
        },
        log: rollcall.log,
      }),
      memory: createByteBudget(photosBudgetInBytes),
      draining: stop.signal,
      signal: grace.signal,
    },
    endOf(error) {
      if (error instanceof AccountPausedError) return { kind: 'paused', waitsFor: error.message };
      if (signal.aborted) return { kind: 'interrupted' };
      if (sourceProblem !== undefined)
        return { kind: 'paused', waitsFor: `the source cannot be read: ${sourceProblem}` };
      throw error;
    },
    async close() {
      stop.abort();
      signal.removeEventListener('abort', end);
      grace.clear();
      await reader.close();
      // What it still holds counts as spent where this fails.
      await spending
        .close()
        .catch((error) => rollcall.log.warn({ reason: error.message }, 'the state reported a fault'));
    },
  };
}
