import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCredentials } from '../helpers/engine-server.ts';
import { layFormerState } from '../helpers/former-state.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

describe('a state that the former version left', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await openScene();
    const { stateFolder, folder, engine } = scene;
    const { appId } = testCredentials;
    await layFormerState({ stateFolder, archive: join(folder, 'archive'), engineUrl: engine.url, appId });
  });
  afterAll(() => scene.close());

  it('is shown: runs and schedules', async () => {
    const { stdout, exitCode } = await scene.run(['status']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/night-2\s+paused/);
    expect(stdout).toMatch(/night-1\s+finished/);
    expect((await scene.run(['schedule', 'list'])).stdout).toContain('nightly  30 2 * * * (Europe/Berlin)');
    expect((await scene.run(['report', 'night-1'])).exitCode).toBe(0);
  });

  it('has a paused run that goes on where it stopped, with the settings that it was started with', async () => {
    const { stderr, exitCode } = await scene.run(['run', 'archive', '--max-calls', '5']);
    expect(stderr).toContain('Resuming run night-2');
    expect(exitCode).toBe(0);
    const lines = await scene.report('night-2');
    expect(lines.map(({ subjectId, status, reason }) => [subjectId, reason ?? status])).toEqual([
      ['p001', 'unchanged'],
      ['p002', 'unchanged'],
      ['p003', 'forgotten'],
      ['p004', 'enrolled'],
      ['p005', 'enrolled'],
      ['p006', 'enrolled'],
      ['p007', 'enrolled'],
      ['p008', 'enrolled'],
    ]);
    expect(scene.engine.calls).toHaveLength(3);
    const { settings } = await scene.record('night-2');
    expect(settings).toMatchObject({ maxAttempts: 7, keepDemographics: true, maxCalls: 5 });
  });

  it('has a ledger and a forget list that hold for the runs to come', async () => {
    const { stdout, exitCode } = await scene.run(['run', 'archive', '--incremental', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ total: 8, byReason: { unchanged: 7, forgotten: 1 } });
    expect(scene.engine.calls).toHaveLength(3);
  });
});
