import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectGarbage } from '../helpers/collect-garbage.ts';
import { type QueueServer, startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { enrolled, setStage } from './conducting.ts';
import { givenSource } from './given-source.ts';

const rows = 100_000;
const rowsPerSubject = 1_000;
/** Subjects and their templates may take 43 bytes a row; the rest is what one look differs from another. */
const bytesPerRow = 100;

describe('a long list', () => {
  let server: QueueServer;

  beforeAll(async () => {
    server = await startEmbeddedQueue();
  });
  afterAll(() => server.close());

  it('is listed, fed, settled and collected in memory that does not grow with it: 20,000 to 100,000 rows', async () => {
    const looks: { readonly row: number; readonly sizeInBytes: number }[] = [];
    const look = (row: number) => {
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      looks.push({ row, sizeInBytes: heapUsed + arrayBuffers });
    };
    const source = givenSource(rows, {
      subjectOf: (index) => `subject-${Math.ceil(index / rowsPerSubject)}`,
      photoOf: (index) => `/photos/${'long name '.repeat(10)}${index}.jpg`,
    });
    // Looked at from within the work, at the same rows on every machine: the merge comes after it, and holds a
    // bucket of lines of its own.
    const stage = await setStage(server, {
      source,
      work: (job, signal) => {
        if (job.data.seq % (2 * rowsPerSubject) === 1) look(job.data.seq);
        return enrolled(job, signal);
      },
    });
    const end = await stage.conduct();
    await stage.close();
    expect(end).toMatchObject({ kind: 'over', summary: { total: rows, calls: rows / rowsPerSubject } });
    expect((await stage.record()).counts.done).toBe(rows);
    // The lowest of several looks is what is left when nothing is under way.
    const lowest = (from: number, to: number) =>
      Math.min(...looks.filter(({ row }) => row > from && row <= to).map((found) => found.sizeInBytes));
    const growth = lowest(80_000, 100_000) - lowest(20_000, 40_000);
    expect(growth / (rows * 0.6)).toBeLessThan(bytesPerRow);
  });
});
