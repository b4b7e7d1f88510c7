import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { resumeFixedAccount } from '../../account/account-pause.ts';
import { AccountPausedError } from '../../account/rate-limiter.ts';
import { assertIdentifies } from '../../engines/registry.ts';
import { checkThreshold } from '../../engines/similarity.ts';
import { createByteBudget } from '../../photos/byte-budget.ts';
import { photosBudgetInBytes } from '../../photos/read-within-budget.ts';
import { firstPhotos } from '../../sources/first-photos.ts';
import { graceSignal } from '../../util/abort-signals.ts';
import { inOrder } from '../../util/in-order.ts';
import { createSourceWatch, sourceWaitInMs } from '../../worker/source-watch.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openPhotoReader, openSourceOf } from '../run-source.ts';
import type { Identification } from './identify-one.ts';
import { identifyOne } from './identify-one.ts';

/** How looking at a source ended. */
export type IdentifyEnd =
  | { readonly kind: 'over' }
  /** The account, or a source that cannot be read, stopped it: what has to be fixed. */
  | { readonly kind: 'paused'; readonly waitsFor: string }
  | { readonly kind: 'interrupted' };

/** Photos whose line waits for that of an earlier one, for each call in flight. */
const photosPerCall = 4;

/**
 * Looks at every photo of a source and asks the engine who it shows, in this process, at the account's pace: one line a
 * photo, in the order of the source. Nothing is kept: interrupted, it is asked again.
 * @throws UsageError for a wrong source, and for an engine that has no identification
 */
export async function* identifySource(
  rollcall: Pick<Rollcall, 'settings' | 'folder' | 's3' | 'state' | 'engine' | 'queue' | 'limiter' | 'log'>,
  { source: spec, signal }: { source: string; signal: AbortSignal },
): AsyncGenerator<Identification, IdentifyEnd> {
  const { settings } = rollcall;
  const opened = rollcall.engine();
  assertIdentifies(opened.engine, 'rollcall identify');
  checkThreshold(opened.engine, settings);
  const source = await openSourceOf(rollcall, spec, settings);
  await opened.ready();
  await resumeFixedAccount((await rollcall.queue()).accounts, opened.account);
  const { allowPrivate } = settings;
  const reader = openPhotoReader(rollcall, source, { allowPrivate });
  const grace = graceSignal(signal, settings.grace);
  const stop = new AbortController();
  const end = () => stop.abort(signal.reason);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  // Every photo at work listens.
  for (const each of [stop.signal, grace.signal]) setMaxListeners(0, each);
  let sourceProblem: string | undefined;
  const context = {
    engine: opened.engine,
    settings,
    name: `identify-${randomUUID()}`,
    limiter: await rollcall.limiter(opened.account),
    takeCall: async () => true,
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
  };
  try {
    const photos = firstPhotos(source, { limit: settings.limit, signal: stop.signal });
    const window = settings.concurrency * photosPerCall;
    let seq = 0;
    yield* inOrder(photos, window, (photo) => {
      seq += 1;
      return identifyOne(photo, seq, context);
    });
    return { kind: 'over' };
  } catch (error) {
    if (error instanceof AccountPausedError) return { kind: 'paused', waitsFor: error.message };
    if (signal.aborted) return { kind: 'interrupted' };
    if (sourceProblem !== undefined)
      return { kind: 'paused', waitsFor: `the source cannot be read: ${sourceProblem}` };
    throw error;
  } finally {
    stop.abort();
    signal.removeEventListener('abort', end);
    grace.clear();
    await reader.close();
  }
}
