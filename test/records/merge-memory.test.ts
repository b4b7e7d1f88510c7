import { expect, it } from 'vitest';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import { openParts } from '../../src/records/report/report-parts.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { collectGarbage } from '../helpers/collect-garbage.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf } from './report-lines.ts';

it('the merge needs no more memory for a longer report: 200,000 lines', async () => {
  const runFolder = 'runs/1';
  const folder = await makeTemporaryFolder();
  const state = createLocalStateStore(folder.path);
  const parts = await openParts({ state, runFolder, epoch: 1 });
  for (let from = 1; from <= 200_000; from += 1_000) {
    // Nearly in order, as outcomes come: each thousand backwards.
    await parts.add(Array.from({ length: 1_000 }, (_, index) => lineOf(from + 999 - index, 'x')));
  }
  await parts.close();
  const used: number[] = [];
  let seen = 0;
  await mergeParts({
    state,
    runFolder,
    count: 200_000,
    onLine: (line) => {
      seen += 1;
      if (line.seq !== seen) throw new Error(`${line.seq} stands at ${seen}`);
      if (seen % 20_000 === 0) {
        collectGarbage();
        used.push(process.memoryUsage().heapUsed);
      }
    },
  });
  expect(seen).toBe(200_000);
  // One bucket or two are there at a time; a line that was kept would be 1 kB.
  const half = used.length / 2;
  const growthPerLine = (Math.max(...used.slice(half)) - Math.max(...used.slice(0, half))) / 100_000;
  expect(growthPerLine).toBeLessThan(250);
  await folder.remove();
});
