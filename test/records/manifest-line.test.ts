import fc from 'fast-check';
import { expect, it } from 'vitest';
import { manifestPath } from '../../src/records/manifest.ts';
import { readManifestLine } from '../../src/records/manifest-line.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

it('each line of a list is found by its number, whatever lengths the lines have, and none that is not there', async () => {
  const folder = await makeTemporaryFolder();
  const state = createLocalStateStore(folder.path);
  const lengths = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 60_000 }));
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(lengths, { maxLength: 60 }), fc.nat(), async (all, some) => {
        const list = all.map((length, index) => ({ seq: index + 1, photo: 'é'.repeat(length) }));
        await state.write(manifestPath('r'), list.map((line) => `${JSON.stringify(line)}\n`).join(''));
        for (const seq of [1, list.length, (some % (list.length || 1)) + 1])
          expect(await readManifestLine(state, 'r', seq)).toEqual(list[seq - 1]);
        expect(await readManifestLine(state, 'r', list.length + 1)).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  } finally {
    await folder.remove();
  }
});
