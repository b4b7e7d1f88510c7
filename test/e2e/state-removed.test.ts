import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let scene: Scene;

afterEach(() => scene.close());

describe('what is removed under a run', () => {
  it.each([
    ['its folder', (runId: string) => `rollcall-data/runs/${runId}`],
    ['the folder of all runs', () => 'rollcall-data/runs'],
    ['the whole state, its queue included', () => 'rollcall-data'],
  ])('%s: the run ends with exit code 4 and says what to do', async (_, removed) => {
    scene = await openScene({ latencyInMs: [100, 150] });
    await writePhotos(join(scene.folder, 'archive'), { count: 200 });
    const running = scene.run(['run', './archive', '--concurrency', '2', '--timeout', '2s']);
    await until(() => scene.engine.calls.length > 5);
    const [runId = ''] = await scene.runIds();
    await rm(join(scene.folder, removed(runId)), { recursive: true, force: true, maxRetries: 10 });
    const end = await running;
    expect(end.exitCode, end.stderr).toBe(4);
    expect(end.stderr).toContain(`The folder of run ${runId} is gone`);
    expect(end.stderr).toContain('Put the folder back');
    expect(end.stderr).not.toMatch(/internal error|\n +at /);
    expect(scene.engine.calls.length).toBeLessThan(200);
  });
});
