import { expect, it, onTestFinished } from 'vitest';
import { listPictures, picturePathOf } from '../../src/records/inbox/picture.ts';
import { decide } from '../../src/runs/review/decide.ts';
import { makeReviewScene } from './review-scene.ts';

it('a picture of whoever is left out goes at once, and is not sent again; those of others stay', async () => {
  const addresses = ['1', '2'].map((digit) => `inbox://door-1/${digit.repeat(32)}`);
  const { state, record, remove } = await makeReviewScene(addresses.map((photo) => ({ photo })));
  onTestFinished(remove);
  for (const address of addresses) await state.write(picturePathOf(address) ?? '', 'picture');
  const ask = (...asked: Parameters<typeof decide>[2]['asked']) =>
    decide(state, record, { reviewer: 'ann', asked });

  await ask({ seq: 1, action: 'leave-out', reason: 'somebody else' }, { seq: 2, action: 'hand-on' });
  expect(await listPictures(state, 'door-1')).toEqual([addresses[1]]);
  expect(await ask({ seq: 1, action: 'retry' })).toMatchObject({
    refused: [{ seq: 1, problem: expect.stringContaining('give another file') }],
  });
  expect(await ask({ seq: 2, action: 'retry' })).toMatchObject({ decisions: [{ seq: 1 }, { seq: 2 }] });
});
