import { expect, it } from 'vitest';
import { createSampleDrawer } from '../../../src/conductor/canary/draw-sample.ts';
import { collectGarbage } from '../../helpers/collect-garbage.ts';

it('draws in memory that does not grow with the list, nor with its folders', () => {
  const drawer = createSampleDrawer({ runId: 'run', count: 1_000 });
  const held = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const sizes: number[] = [];
  for (let seq = 1; seq <= 300_000; seq += 1) {
    drawer.add({ seq, folder: `site-${seq % 150}/${seq % 3}/person-${Math.ceil(seq / 3)}` });
    if (seq % 100_000 === 0) sizes.push(held());
  }
  const [first = 0, , last = 0] = sizes;
  // 100,000 folders more would be 10 MB at least, 200,000 photos 8 MB.
  expect(last - first).toBeLessThan(4_000_000);
  expect(drawer.draw()).toMatchObject({ of: 300_000, folders: 150 });
});
