import { setTimeout as delay } from 'node:timers/promises';
import type { Canary } from '../../records/canary.ts';
import { type CanarySample, readCanarySample, writeCanarySample } from '../../records/canary-sample.ts';
import type { ManifestLine } from '../../records/manifest.ts';
import { createSeqBitmap } from '../../records/report/seq-bitmap.ts';
import { pathInSource } from '../../sources/path-in-source.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { redactAddress } from '../../util/redact-address.ts';
import type { DecidedPhoto } from '../decide-photos.ts';
import type { RunKeeper } from '../run-keeper.ts';
import type { HeldRun } from '../take-run.ts';
import type { CanaryWatch } from './canary-watch.ts';
import { createSampleDrawer } from './draw-sample.ts';
import { describeRefusal } from './refusal.ts';

const askEveryInMs = 150;

/**
 * Feeds the canary of a run and waits until each of its photos has its line. Resolves when the rest may be fed, or when the
 * run stops: since the canary was refused, or for any other reason.
 */
export async function passCanary(
  run: HeldRun,
  options: {
    state: StateStore;
    canary: CanaryWatch;
    keeper: RunKeeper;
    /** The decisions over the whole list. */
    decide: () => AsyncIterable<Iterable<DecidedPhoto<{ readonly line: ManifestLine }>>>;
    /** Queues these photos, no others. */
    feed: (seqs: ReadonlySet<number>) => Promise<void>;
  },
): Promise<void> {
  const { state, canary, keeper, feed } = options;
  const { record, parts, stop, lease } = run;
  const { signal } = stop;
  if (!canary.isAhead) return;
  const sample = (await readCanarySample(state, record.id)) ?? (await draw());
  canary.begin(sample);
  // Others than its own have lines: it was accepted, and `run.json`, which had its figures, was put together again.
  if (parts.covered.count > sample.seqs.length) return accept(unknownFigures(canary.now()));
  if (sample.seqs.some((seq) => !parts.covered.has(seq))) await feed(new Set(sample.seqs));
  while (canary.now()?.state === 'running') await delay(askEveryInMs, undefined, { signal });
  signal.throwIfAborted();
  const judged = canary.now();
  if (judged?.state === 'accepted') return accept(judged);
  stop.end({
    kind: 'paused',
    cause: 'canary',
    waitsFor: judged ? describeRefusal(record, judged) : '',
    foundAt: new Date().toISOString(),
  });
  signal.throwIfAborted();

  /** Durable before any other photo has a line: from then on lines do not say any more what the canary was. */
  async function accept(accepted: Canary | undefined): Promise<void> {
    run.record = { ...run.record, ...(accepted && { canary: accepted }) };
    keeper.replace(run.record);
    await lease.fresh(signal);
    await keeper.save('active');
    run.events.note({ kind: 'canary-accepted' });
  }

  async function draw(): Promise<CanarySample> {
    const drawer = createSampleDrawer({ runId: record.id, count: record.settings.canary ?? 1 });
    for await (const line of callable(options.decide()))
      drawer.add({ seq: line.seq, folder: folderOf(line, record.source) });
    await lease.fresh(signal);
    return writeCanarySample(state, record.id, drawer.draw());
  }
}

function unknownFigures(canary: Canary | undefined): Canary | undefined {
  const nothing = { judged: 0, calls: 0, byStatus: {}, byCode: {}, rules: [] };
  return canary && { ...canary, ...nothing, state: 'accepted', done: canary.photos };
}

/** The photos that need a call, and of which no earlier one of the same subject does: in their order none must be left out. */
async function* callable(
  decided: AsyncIterable<Iterable<DecidedPhoto<{ readonly line: ManifestLine }>>>,
): AsyncGenerator<ManifestLine> {
  const called = createSeqBitmap();
  for await (const batch of decided)
    for (const { photo, decision } of batch) {
      if (decision.kind !== 'feed' && decision.kind !== 'feed-after') continue;
      const { seq } = photo.line;
      called.add(seq);
      if (decision.kind === 'feed' || !called.has(decision.seq)) yield photo.line;
    }
}

function folderOf({ photo = '' }: ManifestLine, address: string): string {
  return pathInSource(redactAddress(photo).address, { address }).split('/').slice(0, -1).join('/');
}
