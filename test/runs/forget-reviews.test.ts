import { afterEach, beforeEach, expect, it } from 'vitest';
import { readDecisions } from '../../src/records/decisions/decision-files.ts';
import { listUploads, saveUpload } from '../../src/records/inbox/upload.ts';
import { forgetReviews, withoutSubjects } from '../../src/runs/erasure/forget-reviews.ts';
import { applyDecisions } from '../../src/runs/review/apply-decisions.ts';
import { makeReviewScene, type ReviewScene } from './review-scene.ts';

const signal = new AbortController().signal;
const photo = Buffer.from('picture');
let scene: ReviewScene;

beforeEach(async () => {
  scene = await makeReviewScene([{ subjectId: 'ann' }, { subjectId: 'bob' }, { subjectId: 'cleo' }]);
});
afterEach(() => scene.remove());

const forget = (...subjects: string[]) => forgetReviews(scene.state, { subjects: new Set(subjects), signal });

it('what was decided of the forgotten goes, with their files and those that nobody named yet; that of others stays', async () => {
  const { state, record } = scene;
  const [ofAnn, ofBob] = [
    await saveUpload(state, record.id, photo),
    await saveUpload(state, record.id, photo),
  ];
  await saveUpload(state, record.id, photo);
  await scene.decide(
    { seq: 1, action: 'retry-file', upload: ofAnn },
    { seq: 1, action: 'leave-out', reason: 'left' },
    { seq: 2, action: 'retry-file', upload: ofBob, reason: 'the sister of ann, who is ill' },
    { seq: 3, action: 'hand-on', reason: 'annex 4' },
  );
  await forget('ann');
  const left = await readDecisions(state, record.id);
  expect([...left.keys()].sort()).toEqual([2, 3]);
  expect(left.get(2)).toMatchObject({ upload: ofBob, reason: 'removed: it named somebody who is forgotten' });
  expect(left.get(3)).toMatchObject({ reason: 'annex 4' });
  expect(await listUploads(state, record.id)).toEqual([ofBob]);
  await forget('ann');
  expect((await readDecisions(state, record.id)).size).toBe(2);
});

it('files go from the run that they were applied to, too', async () => {
  const { state, record } = scene;
  const uploads = [await saveUpload(state, record.id, photo), await saveUpload(state, record.id, photo)];
  await scene.decide(
    { seq: 1, action: 'retry-file', upload: uploads[0] },
    { seq: 2, action: 'retry-file', upload: uploads[1] },
  );
  const { runId = '' } = await applyDecisions(scene.tools(), record, signal);
  await forget('bob');
  expect(await listUploads(state, runId)).toEqual([uploads[0]]);
});

it.each([
  ['{"schema":"rollcall.decision/9","note":"of ann."}', false],
  ['{"schema":"rollcall.decision/9","note":"of annabel"}', true],
  ['torn {"note":"ann', false],
])('a line of another version goes where it names them: %s', (line, isKept) => {
  const kept = withoutSubjects(line, { seqs: new Set(), subjects: new Set(['ann']) });
  expect(kept).toBe(isKept ? line : undefined);
});
