import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { readDeadLetters } from '../../src/records/report/read-dead-letters.ts';
import { RunPrunedError, readWholeReport } from '../../src/records/report/read-whole-report.ts';
import { isDeadLetter, type ReportLine } from '../../src/records/report/report-line.ts';
import { type RunRecord, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { removeRuns } from '../../src/runs/prune.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { lineOf, textOf } from './report-lines.ts';

let state: StateStore;
eachTestHasState((given) => {
  state = given;
});

const lines = [lineOf(1, 'a'), lineOf(2, 'a', 'rejected'), lineOf(3, 'a', 'failed')];
const report = textOf(lines);
const files = {
  'report.jsonl': report,
  'dead-letters.jsonl': textOf(lines.filter(isDeadLetter)),
  'summary.json': JSON.stringify({
    reportSha256: createHash('sha256').update(report).digest('hex'),
    byStatus: { enrolled: 1, rejected: 1, failed: 1 },
  }),
};

async function writeRun(names: readonly string[] = Object.keys(files)): Promise<RunRecord> {
  const counts = { listed: 3, done: 3, deadLetters: 2, calls: 3 };
  const record = { id: 'a', state: 'finished', counts } as RunRecord;
  for (const [name, text] of Object.entries(files))
    if (names.includes(name)) await state.write(`runs/a/${name}`, text);
  await writeFirstRunRecord(state, record);
  return record;
}

const readers = { readWholeReport, readDeadLetters };
const seqsOf = async (read: AsyncIterable<ReportLine>) => {
  const seqs = [];
  for await (const { seq } of read) seqs.push(seq);
  return seqs;
};

it.each([
  ['readWholeReport', [1, 2, 3]],
  ['readDeadLetters', [2, 3]],
] as const)(
  '%s gives all of a run, or says that prune removes it: whenever that happens',
  async (name, all) => {
    const ends = { whole: 0, pruned: 0 };
    for (let steps = 1, isOver = false; !isOver; steps += 1) {
      const record = await writeRun();
      let left = steps;
      const step = async () => {
        left -= 1;
        if (left === 0) await removeRuns(state, [record]);
      };
      const before =
        <Args extends unknown[], Result>(action: (...args: Args) => Promise<Result>) =>
        async (...args: Args) => {
          await step();
          return action(...args);
        };
      const pruning: StateStore = {
        ...state,
        ...{ read: before(state.read), size: before(state.size), list: before(state.list) },
        readRange: before(state.readRange),
        async *readLines(...args) {
          await step();
          yield* state.readLines(...args);
        },
      };
      const seqs = await seqsOf(readers[name](pruning, record)).catch((error: unknown) => {
        if (!(error instanceof RunPrunedError)) throw error;
        return undefined;
      });
      if (seqs) expect(seqs, `pruned before step ${steps}`).toEqual(all);
      ends[seqs ? 'whole' : 'pruned'] += 1;
      isOver = left > 0;
    }
    expect(Math.min(ends.whole, ends.pruned)).toBeGreaterThan(0);
  },
);

it.each([
  ['readWholeReport', []],
  ['readDeadLetters', []],
  ['readWholeReport', ['dead-letters.jsonl']],
] as const)('%s: what was lost is no run without lines (left: %j)', async (name, left) => {
  const record = await writeRun(left);
  await expect(seqsOf(readers[name](state, record))).rejects.toMatchObject({
    code: 'report-missing',
    exitCode: 4,
    message: expect.stringContaining('has 0 lines of 3 photos'),
  });
});
