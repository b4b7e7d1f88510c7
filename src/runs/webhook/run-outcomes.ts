import { type Delivery, deliveriesPath, readDeliveries } from '../../records/inbox/delivery.ts';
import type { WebhookProgress } from '../../records/inbox/webhook-progress.ts';
import type { ReportLine } from '../../records/report/report-line.ts';
import { parsePartLine } from '../../records/report/report-part.ts';
import { createSeqBitmap } from '../../records/report/seq-bitmap.ts';
import { runFolderOf } from '../../records/run-record.ts';
import type { StateAppender, StateStore } from '../../storage/state/state-store.ts';
import { isComplete, partFiles, reportFile } from '../lines/line-files.ts';

/** Tries of a message that was not taken yet; times are milliseconds since 1970. */
export interface EarlierTries {
  readonly attempts: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** The outcomes of one run that its inbox's webhook was not told of. */
export interface RunOutcomes {
  readonly progress: WebhookProgress['runs'][string];
  /** So many outcomes, about, that it has not given before, durable in the report; none: there are no more by now. */
  next(most: number): Promise<{ line: ReportLine; before: EarlierTries | undefined }[]>;
  /** Writes down what came of tries; durable when it resolves. */
  note(deliveries: readonly Delivery[]): Promise<void>;
  close(): Promise<void>;
}

/** Reads what earlier senders wrote down: what is not there is sent, perhaps once more. */
export async function openRunOutcomes(
  state: StateStore,
  runId: string,
  writer: { writer: string; epoch: number },
): Promise<RunOutcomes> {
  const folder = runFolderOf(runId);
  /** Given, or settled before. */
  const taken = createSeqBitmap();
  const settled = createSeqBitmap();
  const tried = new Map<number, EarlierTries>();
  let [givenUp, withheld] = [0, 0];
  const settle = ({ seq, result }: Delivery): void => {
    tried.delete(seq);
    if (!settled.add(seq)) return;
    if (result === 'given-up') givenUp += 1;
    if (result === 'withheld') withheld += 1;
  };
  for await (const delivery of readDeliveries(state, runId)) {
    const { seq, result, at, attempt } = delivery;
    if (result !== 'failed') {
      taken.add(seq);
      settle(delivery);
    } else if (!settled.has(seq)) {
      const { firstAt = Date.parse(at), attempts = 0 } = tried.get(seq) ?? {};
      tried.set(seq, { firstAt, attempts: Math.max(attempts, attempt), lastAt: Date.parse(at) });
    }
  }

  let files = partFiles(state, folder);
  let isAtEnd = false;
  let appender: StateAppender | undefined;

  return {
    get progress() {
      const isDone = files.isReport && isAtEnd && taken.count === settled.count;
      return { settled: settled.count, givenUp, withheld, isDone };
    },
    async next(most) {
      // Once it is complete its parts go away.
      if (!files.isReport && (await isComplete(state, folder))) files = reportFile(state, folder);
      const found: { line: ReportLine; before: EarlierTries | undefined }[] = [];
      const read = new Set<number>();
      isAtEnd = await files.readOn(
        ({ text }, { number }) => {
          const line = parsePartLine(text);
          if (!line || !taken.add(line.seq)) return;
          read.add(number);
          found.push({ line, before: tried.get(line.seq) });
        },
        () => found.length >= most,
      );
      // A line that a machine loses with its power is made anew, perhaps with another outcome.
      for (const number of read) await state.sync(files.pathOf(number));
      return found;
    },
    async note(deliveries) {
      appender ??= await state.openAppender(deliveriesPath(runId, writer));
      await appender.append(deliveries.map((delivery) => `${JSON.stringify(delivery)}\n`).join(''));
      for (const delivery of deliveries) if (delivery.result !== 'failed') settle(delivery);
    },
    async close() {
      await appender?.close();
      if (appender && files.isReport) await state.seal(deliveriesPath(runId, writer));
    },
  };
}
