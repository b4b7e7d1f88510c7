import { newestFileName } from '../../ledger/forget-files.ts';
import { createSeqBitmap, type SeqBitmap } from '../../records/report/seq-bitmap.ts';
import { runFolderOf } from '../../records/run-record.ts';
import { type UndoLine, undoLineSchema } from '../../records/undo/undo-line.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { parseAs } from '../../util/json-text.ts';

/**
 * What is undone of a run is in its folder: `undo/<time>.jsonl`, begun by each start of the command, of which the newest
 * line of a photo counts. Nothing can be appended on S3 to what another process wrote.
 */
const folderOf = (runId: string) => `${runFolderOf(runId)}/undo`;
export const undoMoneyFolderOf = (runId: string) => `${runFolderOf(runId)}/undo-money`;

/** A photo has its line, unless its call failed, or another run had to do with it, which may be over or undone by now. */
export const isFinal = ({ reason }: UndoLine): boolean => reason !== 'call-failed' && reason !== 'other-run';

/** The line of each photo, in no order, as it was written last. */
export async function* readUndoLines(state: StateStore, runId: string): AsyncGenerator<UndoLine> {
  const names = (await state.list(folderOf(runId))).map(({ name }) => name).sort();
  const seen = createSeqBitmap();
  for (const name of names.reverse()) {
    // Within a file each photo has one line.
    for await (const batch of state.readLines(`${folderOf(runId)}/${name}`)) {
      for (const { text } of batch) {
        const line = parseAs(undoLineSchema, text);
        if (line && seen.add(line.seq)) yield line;
      }
    }
  }
}

/** The photos that are done. */
export async function readDone(state: StateStore, runId: string): Promise<SeqBitmap> {
  const done = createSeqBitmap();
  for await (const line of readUndoLines(state, runId)) if (isFinal(line)) done.add(line.seq);
  return done;
}

export interface UndoWriter {
  /** Resolves when they are durable. */
  append(lines: readonly UndoLine[]): Promise<void>;
  close(): Promise<void>;
}

/** A file of this process's own, begun with its first line; of that file, too, the lines are newer than all that are there. */
export function createUndoWriter(state: StateStore, runId: string): UndoWriter {
  const open = async () => {
    const names = (await state.list(folderOf(runId))).map(({ name }) => name);
    const path = `${folderOf(runId)}/${newestFileName(names, Date.now())}`;
    return { path, appender: await state.openAppender(path) };
  };
  let opening: ReturnType<typeof open> | undefined;
  return {
    async append(lines) {
      opening ??= open();
      const { appender } = await opening;
      await appender.append(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    },
    async close() {
      if (!opening) return;
      const { path, appender } = await opening;
      await appender.close();
      await state.seal(path);
    },
  };
}
