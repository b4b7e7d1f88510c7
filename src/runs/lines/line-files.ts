import { listParts, partsFolder } from '../../records/report/report-part.ts';
import type { StateLine, StateStore } from '../../storage/state/state-store.ts';
import { createTurns } from '../../util/turns.ts';

/** Files of lines that are read on from where they were left. */
export interface LineFiles {
  /** Whether the report is complete: then one file holds it, in the order of seqs, and nothing comes any more. */
  readonly isReport: boolean;
  /** By the number of a file. */
  pathOf(file: number): string;
  /**
   * Gives lines to `onLine` that it has not had yet, until `isEnough` says so after some of them.
   * @returns whether it has had all that there are
   */
  readOn(onLine: OnLine, isEnough: () => boolean): Promise<boolean>;
}

export type OnLine = (line: StateLine, file: { readonly number: number; readonly epoch: number }) => void;

export const isComplete = async (state: StateStore, runFolder: string) =>
  (await state.size(`${runFolder}/summary.json`)) !== undefined;

/** The report of a run that is over. */
export function reportFile(state: StateStore, runFolder: string): LineFiles {
  const path = `${runFolder}/report.jsonl`;
  let isAtEnd = false;
  let readTo = 0;
  return {
    isReport: true,
    pathOf: () => path,
    async readOn(onLine, isEnough) {
      if (isAtEnd) return true;
      const read = await readOn(state, path, {
        from: readTo,
        onLine: (line) => onLine(line, { number: 0, epoch: 0 }),
        isEnough,
      });
      ({ readTo, isAtEnd } = read);
      return isAtEnd;
    },
  };
}

/** The parts of a run that is not over, as they are written. */
export function partFiles(state: StateStore, runFolder: string): LineFiles {
  const files: { path: string; epoch: number; readTo: number }[] = [];

  async function lookForMore() {
    const known = new Map(files.map((file) => [file.path, file]));
    const sizes = new Map<string, number>();
    for (const { name, epoch, sizeInBytes } of await listParts(state, runFolder)) {
      const path = `${partsFolder(runFolder)}/${name}`;
      sizes.set(path, sizeInBytes);
      if (!known.has(path)) files.push({ path, epoch, readTo: 0 });
    }
    return sizes;
  }

  return {
    isReport: false,
    pathOf: (number) => files[number]?.path ?? '',
    async readOn(onLine, isEnough) {
      const sizes = await lookForMore();
      for (const [number, file] of files.entries()) {
        if (file.readTo >= (sizes.get(file.path) ?? 0)) continue;
        const { epoch } = file;
        const read = await readOn(state, file.path, {
          from: file.readTo,
          onLine: (line) => onLine(line, { number, epoch }),
          isEnough,
        });
        file.readTo = read.readTo;
        if (!read.isAtEnd) return false;
      }
      return true;
    },
  };
}

async function readOn(
  state: StateStore,
  path: string,
  options: { from: number; onLine: (line: StateLine) => void; isEnough: () => boolean },
): Promise<{ readTo: number; isAtEnd: boolean }> {
  const { from, onLine, isEnough } = options;
  const turns = createTurns();
  let readTo = from;
  for await (const lines of state.readLines(path, { offset: from })) {
    for (const line of lines) {
      onLine(line);
      readTo = line.offset + line.sizeInBytes;
      if (turns.isOver) {
        await turns.next();
        if (isEnough()) return { readTo, isAtEnd: false };
      }
    }
    if (isEnough()) return { readTo, isAtEnd: false };
  }
  return { readTo, isAtEnd: true };
}
