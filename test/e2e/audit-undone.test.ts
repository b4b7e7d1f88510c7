import { afterEach, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { auditSummarySchema } from '../../src/records/audit/audit-summary.ts';
import { tagPerson } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let scene: Scene;
afterEach(() => scene.close());

describe.each(['ooto', 'verihubs'] as const)('an audit after an undoing, at %s', (language) => {
  const photos = async (run: string, people: readonly string[]) => {
    for (const name of people)
      await writeFiles(scene.folder, { [`${run}/${name}.jpg`]: tagPerson(await makePhoto(), name) });
    expect((await scene.run(['run', run, '--run-id', run])).exitCode).toBe(0);
  };
  const audit = async () => {
    const { exitCode, stdout, stderr } = await scene.run(['audit', '--sample', 'all', '--json']);
    expect(exitCode, stderr).toBeLessThanOrEqual(1);
    const { byStatus, population, bound } = auditSummarySchema.parse(JSON.parse(stdout));
    return { exitCode, byStatus, population, bound };
  };
  const idOf = (subjectId: string) => templateIdOf({ engine: language, subjectId });

  it('finds who was undone and is there all the same, and nobody else', async () => {
    scene = await openScene({ language });
    await photos('right', ['ann', 'bob']);
    await photos('wrong', ['cem', 'dan', 'eve']);
    const templates = scene.engine.templates as Map<string, unknown>;
    const cem = templates.get(idOf('cem'));
    expect((await scene.run(['undo', 'wrong', '--yes'])).exitCode).toBe(0);
    // Who is enrolled again is there as anybody else.
    await photos('again', ['eve']);
    expect(await audit()).toMatchObject({
      exitCode: 0,
      byStatus: { present: 3, 'undone-gone': 2 },
      population: { held: 3, undone: 2, undoneChosen: 2, unclear: 0 },
      bound: { of: 3, judged: 3 },
    });
    templates.set(idOf('cem'), cem);
    expect(await audit()).toMatchObject({
      exitCode: 1,
      byStatus: { present: 3, 'undone-found': 1, 'undone-gone': 1 },
    });
    const shown = await scene.run(['audit', '--sample', 'all']);
    expect(shown.stdout).toContain('2 of 2 subjects that were undone');
    expect(shown.stdout).toContain('cem');
  });
});
