import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeadLetters } from '../../src/records/report/read-dead-letters.ts';
import { isDeadLetter } from '../../src/records/report/report-line.ts';
import { type RunRecord, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf, textOf } from './report-lines.ts';

const lines = [
  lineOf(1, 'a'),
  lineOf(2, 'a', 'rejected'),
  lineOf(3, 'a', 'failed'),
  lineOf(4, 'a', 'duplicate'),
];
const report = textOf(lines);
const letters = textOf(lines.filter(isDeadLetter));
const summary = {
  reportSha256: createHash('sha256').update(report).digest('hex'),
  byStatus: { enrolled: 1, skipped: 0, rejected: 1, duplicate: 1, failed: 1 },
};

describe('the dead letters of a run that is over', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterAll(() => folder.remove());

  async function read(what: string, text: string | undefined, known: unknown = summary): Promise<number[]> {
    const id = what.replaceAll(' ', '-');
    await state.write(`runs/${id}/report.jsonl`, report);
    await state.write(`runs/${id}/summary.json`, JSON.stringify(known));
    if (text !== undefined) await state.write(`runs/${id}/dead-letters.jsonl`, text);
    const seqs: number[] = [];
    const counts = { listed: 4, done: 4, deadLetters: 3, calls: 4 };
    const record = { id, state: 'finished', counts } as RunRecord;
    await writeFirstRunRecord(state, record);
    for await (const { seq } of readDeadLetters(state, record)) seqs.push(seq);
    return seqs;
  }

  it.each([
    ['whole', letters, summary],
    ['in the report alone', undefined, summary],
    ['beside a damaged summary', letters, 'damaged'],
  ])('%s: are read', async (what, text, known) => {
    expect(await read(what, text, known)).toEqual([2, 3, 4]);
  });

  it.each([
    ['cut off in a line', letters.slice(0, -20)],
    ['cut off after a line', letters.slice(0, letters.lastIndexOf('{'))],
    ['emptied', ''],
    ['with a line that cannot be read', letters.replace('{', '')],
    ['with a line more', letters + textOf([lineOf(5, 'a', 'failed')])],
  ])('%s: are refused, and it is said where they are still', async (what, text) => {
    await expect(read(what, text)).rejects.toMatchObject({
      code: 'report-changed',
      exitCode: 4,
      message: expect.stringMatching(
        /dead-letters\.jsonl has \d of the run's 3 dead letters: .* read from report\.jsonl\.$/,
      ),
    });
  });
});
