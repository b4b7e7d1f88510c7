import type { ReportLine } from '../records/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore, StateWriter } from '../storage/state/state-store.ts';
import type { ErasedSubjects } from './erased-subjects.ts';
import { eventOfLine } from './event-of-line.ts';
import { deltaPath } from './ledger-files.ts';
import { ledgerSourceOf } from './ledger-source.ts';

/** What one run adds to the ledger: a file of its own, which appears whole with `commit` or not at all. */
export interface LedgerDelta {
  add(line: ReportLine): void;
  /** Writes what was added so far, so that memory stays bounded. */
  flush(): Promise<void>;
  commit(): Promise<void>;
  /** Leaves no trace; harmless after `commit`. */
  discard(): Promise<void>;
}

/** Named by run and epoch: who concludes a run again adds another file with the same content, which is harmless. */
export function createLedgerDelta(
  state: StateStore,
  record: RunRecord,
  erased: Pick<ErasedSubjects, 'isVoid'>,
): LedgerDelta {
  const facts = { source: ledgerSourceOf(record), required: record.settings.require };
  let writer: StateWriter | undefined;
  let text = '';
  async function flush(): Promise<void> {
    if (text === '') return;
    const batch = text;
    text = '';
    writer ??= await state.openWriter(deltaPath(record.account, { run: record.id, epoch: record.epoch }));
    await writer.write(batch);
  }
  return {
    add(line) {
      const event = eventOfLine(line, facts);
      if (event && !erased.isVoid(event)) text += `${JSON.stringify(event)}\n`;
    },
    flush,
    async commit() {
      await flush();
      await writer?.commit();
    },
    async discard() {
      await writer?.discard();
    },
  };
}
