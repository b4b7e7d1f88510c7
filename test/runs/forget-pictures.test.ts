import { expect, it } from 'vitest';
import { listPictures, savePicture } from '../../src/records/inbox/picture.ts';
import { openManifestWriter } from '../../src/records/manifest.ts';
import { forgetReviews } from '../../src/runs/erasure/forget-reviews.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((given) => {
  state = given;
});

it('pictures that an inbox was given of the forgotten go; those of others stay', async () => {
  const run = 'door-1';
  const [ofAnn, ofBob] = [
    await savePicture(state, run, Buffer.from('ann')),
    await savePicture(state, run, Buffer.from('bob')),
  ];
  const writer = await openManifestWriter(state, run);
  await writer.append([
    { subjectId: 'ann', photo: ofAnn },
    { subjectId: 'bob', photo: ofBob },
  ]);
  await writer.close();
  await forgetReviews(state, { subjects: new Set(['ann']), signal: new AbortController().signal });
  expect(await listPictures(state, run)).toEqual([ofBob]);
});
