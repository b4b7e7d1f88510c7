import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { makePhoto } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

describe('the same file name in another folder, in a later run', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await openScene();
    for (const place of ['staff', 'visitors']) {
      await mkdir(join(scene.folder, place));
      for (const name of ['1001', '1002'])
        await writeFile(join(scene.folder, place, `${name}.jpg`), await makePhoto({}));
    }
    // One of them is the same picture.
    await cp(join(scene.folder, 'staff/1002.jpg'), join(scene.folder, 'visitors/1002.jpg'));
  });
  afterAll(() => scene.close());

  async function run(...args: string[]) {
    const end = await scene.run(['run', ...args, '--json']);
    const { run: runId, ...summary } = JSON.parse(end.stdout || '{}');
    const lines: ReportLine[] = runId ? await scene.report(runId) : [];
    return { ...end, runId, summary, lines };
  }
  const calls = () => scene.engine.calls.length;

  it('is set aside where the picture is another one, and said before', async () => {
    expect((await run('staff')).summary.byStatus).toMatchObject({ enrolled: 2 });
    const before = calls();
    const dry = await scene.run(['run', 'visitors', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 2, otherFolder: 2 });
    const { exitCode, lines } = await run('visitors');
    expect(exitCode).toBe(1);
    expect(lines).toMatchObject([
      {
        ...{ subjectId: '1001', status: 'failed', stored: 'no', attempts: 0 },
        error: { kind: 'collision', message: expect.stringContaining(join(scene.folder, 'staff')) },
      },
      { subjectId: '1002', status: 'enrolled' },
    ]);
    expect(calls() - before).toBe(1);
  });

  it('is set aside again every night, and is not enrolled by a retry or from its report', async () => {
    const before = calls();
    for (const args of [
      ['visitors', '--new'],
      ['visitors', '--incremental'],
    ])
      expect((await run(...args)).lines[0]).toMatchObject({ error: { kind: 'collision' } });
    const [last = ''] = (await scene.runIds()).slice(-1);
    const retried = await scene.run(['dead-letters', last, '--retry', 'all']);
    expect(retried.stderr).toContain('needs an id of its own first');
    const redriven = await run(scene.pathOf(last, 'report.jsonl'));
    expect(redriven.lines).toMatchObject([
      {
        status: 'failed',
        error: { kind: 'manifest', message: expect.stringContaining('collided with another') },
      },
    ]);
    // The same picture again, of the run that was not incremental.
    expect(calls() - before).toBe(1);
  });

  it('is enrolled where a list gives the id', async () => {
    await writeFile(join(scene.folder, 'list.csv'), 'subject_id,photo\n1001,visitors/1001.jpg\n');
    expect((await run('list.csv')).lines).toMatchObject([{ subjectId: '1001', status: 'enrolled' }]);
    // Since a list said so, it is no guess any more.
    expect((await run('staff', '--new')).summary.byStatus).toMatchObject({ enrolled: 2 });
  });

  it('is enrolled with --replace, and so is an archive that moved unchanged', async () => {
    const replaced = await run('visitors', '--new', '--replace');
    expect(replaced.summary.byStatus).toMatchObject({ enrolled: 2 });
    await rename(join(scene.folder, 'visitors'), join(scene.folder, 'moved'));
    const moved = await run('moved');
    expect(moved.summary.byStatus).toMatchObject({ enrolled: 2 });
    expect(moved.exitCode).toBe(0);
    const refused = await scene.run(['run', 'moved', '--run-id', moved.runId, '--replace']);
    expect(refused.stderr).toContain('--replace');
    expect(refused.exitCode).toBe(2);
  });
});
