import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { auditSummarySchema } from '../../src/records/audit/audit-summary.ts';
import { tagPerson } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

const idOf = (subjectId: string) => templateIdOf({ engine: 'ooto', subjectId });

describe('a repair that is gone on with after others have changed what the audit found', () => {
  let redis: TestRedis;
  let scene: Scene;
  const enroll = async (run: string, people: readonly string[]) => {
    for (const person of people)
      await writeFiles(scene.folder, { [`${run}/${person}.jpg`]: tagPerson(await makePhoto(), person) });
    const rows = people.map((person) => `${person},${run}/${person}.jpg`);
    await writeFiles(scene.folder, { [`${run}.csv`]: ['subject_id,photo', ...rows].join('\n') });
    expect(await scene.run(['run', `${run}.csv`, '--run-id', run])).toMatchObject({ exitCode: 0 });
  };
  const repair = (budget: string) =>
    scene.run(['audit', '--sample', 'all', '--repair', '--price', '1', '--budget', budget, '--json']);
  beforeAll(async () => {
    redis = await startTestRedis();
    scene = await openScene({ queue: redis.url });
    await enroll('wrong', ['bob', 'eve']);
    await enroll('right', ['ann', 'cem', 'dan', 'fay']);
    for (const person of ['bob', 'cem', 'dan', 'eve', 'fay'])
      scene.engine.putTemplate(idOf(person), undefined);
    // Six questions, and nothing left for those who are missing.
    const { exitCode, stderr } = await repair('6');
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('Stopped before the repair')]);
    expect((await scene.run(['undo', 'wrong', '--yes'])).exitCode).toBe(0);
    await enroll('later', ['cem']);
    expect((await scene.run(['forget', 'dan'])).exitCode).toBe(0);
  });
  afterAll(async () => {
    await scene.close();
    await redis.close();
  });

  it('enrolls who is missing still, and nobody who was undone, forgotten or enrolled since', async () => {
    const before = scene.engine.calls.length;
    const { exitCode, stdout, stderr } = await repair('100');
    expect(exitCode, stderr).toBe(1);
    const enrolled = scene.engine.calls.slice(before).map(({ templateId }) => templateId);
    expect(enrolled).toEqual([idOf('fay')]);
    const held = [...scene.engine.templates.keys()];
    expect(held.sort()).toEqual(['ann', 'cem', 'fay'].map(idOf).sort());
    // Of those of the other source nobody was left: no run was begun for them.
    const { repairs = [], audit } = auditSummarySchema.parse(JSON.parse(stdout));
    expect(repairs).toEqual([{ run: expect.stringMatching(`^${audit}-repair`), photos: 1 }]);
    const runs = await readdir(join(scene.stateFolder, 'runs'));
    expect(runs.filter((run) => run.startsWith(audit))).toEqual(repairs.map(({ run }) => run));
  });

  it('is at its end then: the next audit finds everybody', async () => {
    const { exitCode, stdout } = await scene.run(['audit', '--sample', 'all', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { byStatus: { present: 3, 'undone-gone': 2 } }]);
  });
});
