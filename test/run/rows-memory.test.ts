import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type QueueServer, startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { setStage } from './conducting.ts';
import { givenSource } from './given-source.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const rows = 100_000;
const rowsPerSubject = 1_000;
/** Subjects and their templates may take 64 bytes a row; the rest is what one look differs from another. */
const bytesPerRow = 100;

describe('a long list', () => {
  let server: QueueServer;

  beforeAll(async () => {
    server = await startEmbeddedQueue();
  });
  afterAll(() => server.close());

  it('is listed, decided, settled and merged in memory that does not grow with it: 20,000 to 100,000 rows', async () => {
    const used = new Map<string, number>();
    const note = (name: string) => {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      used.set(name, Math.min(used.get(name) ?? Number.POSITIVE_INFINITY, heapUsed + arrayBuffers));
    };
    const source = givenSource(rows, {
      subjectOf: (index) => `subject-${Math.ceil(index / rowsPerSubject)}`,
      photoOf: (index) => `/photos/${'long name '.repeat(10)}${index}.jpg`,
    });
    const stage = await setStage(server, { source });
    const sampler = setInterval(() => {
      collectGarbage();
      sample();
    }, 500);
    let done = 0;
    // The lowest of many looks in each fifth: what is left when garbage has been collected.
    const sample = () => note(`${Math.min(4, Math.floor((5 * done) / rows))}`);
    const end = await stage.conduct({
      onProgress: (progress) => {
        done = progress.done;
      },
    });
    clearInterval(sampler);
    await stage.close();
    expect(end).toMatchObject({ kind: 'over', summary: { total: rows, calls: rows / rowsPerSubject } });
    expect((await stage.record()).counts.done).toBe(rows);
    const first = used.get('1') ?? used.get('0') ?? 0;
    const last = used.get('4') ?? used.get('3') ?? Number.POSITIVE_INFINITY;
    expect((last - first) / (rows * 0.6)).toBeLessThan(bytesPerRow);
  });
});
