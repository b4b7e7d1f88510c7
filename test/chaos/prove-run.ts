import assert from 'node:assert/strict';
import { join } from 'node:path';
import { templateIdOf } from '../../src/engines/registry.ts';
import { subjectOf } from './photo-folder.ts';
import { readJson, readReport } from './run-files.ts';
import type { Scene } from './scene.ts';

/** What a run cost beyond one call a photo, once it was proved to be right. */
export interface RunProof {
  readonly calls: number;
  readonly repeated: number;
  /** Of the conductor that finished it. */
  readonly epoch: number;
}

/**
 * Proves that a run over a scene's archive, whose photos are all fine, ended well: one line a photo in the order of
 * the list, all enrolled under the ids that follow from their subjects, and the engine holds each of them.
 */
export async function proveRun(scene: Scene, runFolder: string): Promise<RunProof> {
  const { photos } = scene;
  const expected = Array.from({ length: photos }, (_, index) => ({
    seq: index + 1,
    subjectId: subjectOf(index + 1),
    status: 'enrolled',
    stored: 'yes',
    templateId: templateIdOf({ engine: 'ooto', subjectId: subjectOf(index + 1) }),
  }));
  const report = await readReport(runFolder);
  const found = report.map(({ seq, subjectId, status, stored, templateId }) => ({
    seq,
    subjectId,
    status,
    stored,
    templateId,
  }));
  assert.deepEqual(found, expected);
  const { templates, calls } = await scene.engine.control.summary();
  assert.deepEqual(Object.keys(templates).sort(), expected.map((line) => line.templateId).sort());
  const { total, state, notEnrolled } = await readJson(join(runFolder, 'summary.json'));
  assert.deepEqual({ total, state, notEnrolled }, { total: photos, state: 'finished', notEnrolled: 0 });
  const record = await readJson(join(runFolder, 'run.json'));
  assert.equal(record.state, 'finished');
  return { calls, repeated: calls - photos, epoch: Number(record.epoch) };
}
