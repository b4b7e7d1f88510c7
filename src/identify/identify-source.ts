import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { assertIdentifies } from '../engines/assert-identifies.ts';
import { AccountPausedError } from '../gate/gate.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { createByteBudget } from '../photos/byte-budget.ts';
import { createPhotoReader } from '../photos/read-photo.ts';
import { resumeMendedAccount } from '../run/resume-account.ts';
import { openSourceOf } from '../run/run-source.ts';
import type { ListedPhoto, Source } from '../sources/source.ts';
import { graceSignal } from '../worker/grace-signal.ts';
import type { Identification } from './identification.ts';
import { identifyOne } from './identify-one.ts';
import { inOrder } from './in-order.ts';

/** How looking at a source ended. */
export type IdentifyEnd =
  | { readonly kind: 'over' }
  /** The account stopped it: what has to be mended. */
  | { readonly kind: 'paused'; readonly waitsFor: string }
  | { readonly kind: 'interrupted' };

/** Photos whose line waits for that of an earlier one, for each call in flight. */
const photosPerCall = 4;
const photosBudgetInBytes = 384 * 1024 * 1024;

/**
 * Looks at every photo of a source and asks the engine who it shows, in this process, at the account's pace: one line a
 * photo, in the order of the source. Nothing is kept: interrupted, it is asked again.
 * @throws UsageError for a wrong source, and for an engine that has no identification
 */
export async function* identifySource(
  rollcall: Rollcall,
  { source: spec, signal }: { source: string; signal: AbortSignal },
): AsyncGenerator<Identification, IdentifyEnd> {
  const { settings } = rollcall;
  const opened = rollcall.engine();
  assertIdentifies(opened.engine, 'rollcall identify');
  const source = await openSourceOf(rollcall, spec, settings);
  await opened.ready();
  await resumeMendedAccount((await rollcall.queue()).accounts, opened.account);
  const reader = createPhotoReader({
    allowPrivate: settings.allowPrivate,
    rootFolder: source.rootFolder,
    timeoutInMs: settings.timeout,
    s3: rollcall.s3,
  });
  const grace = graceSignal(signal, settings.grace);
  const stop = new AbortController();
  const end = () => stop.abort(signal.reason);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  // Every photo at work listens.
  for (const each of [stop.signal, grace.signal]) setMaxListeners(0, each);
  const context = {
    engine: opened.engine,
    settings,
    name: `identify-${randomUUID()}`,
    gate: await rollcall.gate(opened.account),
    takeCall: async () => true,
    readPhoto: reader.read,
    memory: createByteBudget(photosBudgetInBytes),
    draining: stop.signal,
    signal: grace.signal,
  };
  try {
    const photos = numbered(source, { limit: settings.limit, signal: stop.signal });
    const window = settings.concurrency * photosPerCall;
    yield* inOrder(photos, window, ({ photo, seq }) => identifyOne(photo, seq, context));
    return { kind: 'over' };
  } catch (error) {
    if (error instanceof AccountPausedError) return { kind: 'paused', waitsFor: error.message };
    if (signal.aborted) return { kind: 'interrupted' };
    throw error;
  } finally {
    stop.abort();
    signal.removeEventListener('abort', end);
    grace.clear();
    await reader.close();
  }
}

async function* numbered(
  source: Source,
  { limit = Number.POSITIVE_INFINITY, signal }: { limit: number | undefined; signal: AbortSignal },
): AsyncGenerator<{ photo: ListedPhoto; seq: number }> {
  let seq = 0;
  for await (const photo of source.list({ signal })) {
    seq += 1;
    yield { photo, seq };
    if (seq >= limit) return;
  }
}
