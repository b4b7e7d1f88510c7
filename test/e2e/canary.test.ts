import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pageDataOf } from '../../src/runs/report/page-data-of-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let scene: Scene;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

/** Three folders of 40, 20 and 4 photos; `script`: what is answered to each. */
async function open(script?: string, queue?: string): Promise<void> {
  scene = await openScene(queue === undefined ? {} : { queue });
  const photos: Record<string, Buffer> = {};
  for (const [folder, count] of [
    ['berlin', 40],
    ['paris', 20],
    ['rome', 4],
  ] as const)
    for (let number = 1; number <= count; number += 1)
      photos[`archive/${folder}/${folder}-${number}.jpg`] = await makePhoto(
        script === undefined ? {} : { script },
      );
  await writeFiles(scene.folder, photos);
}

const run = ['run', './archive', '--canary', '16'];
const sampleOf = async (runId: string): Promise<{ seqs: number[] }> =>
  JSON.parse(await scene.text(runId, 'canary-sample.json'));

describe('run --canary', () => {
  it('goes on by itself where it is accepted, and status, report and page say its figures', async () => {
    await open();
    const end = await scene.run(run);
    expect(end.exitCode).toBe(0);
    expect(scene.engine.calls).toHaveLength(64);
    const [runId = ''] = await scene.runIds();
    const { canary } = await scene.record(runId);
    expect(canary).toMatchObject({ state: 'accepted', photos: 16, of: 64, folders: 3, judged: 16 });
    const status = await scene.run(['status', runId]);
    expect(status.stdout).toContain('canary of 16 photos (of 64 that need a call, from 3 folders): accepted');
    expect(status.stdout).toContain('enrolled 16 of 16 (100 %; of all between 79 % and 100 %)');
    expect(status.stdout).toContain('the canary was accepted');
    const summary = await scene.run(['report', runId, '--format', 'summary']);
    expect(summary.stdout).toContain('enrolled 16 of 16');
    const state = createLocalStateStore(scene.stateFolder);
    const page = await pageDataOf({ state, record: await scene.record(runId), version: '' });
    expect(page.run.canary).toEqual(canary);
  });

  it('pauses where it is refused, and goes on when somebody says so', async () => {
    await open('code-5');
    const end = await scene.run([...run, '--canary-accept', 'rejected<=10%']);
    expect(end).toMatchObject({ exitCode: 3, stdout: '' });
    expect(end.stderr).toContain('its canary of 16 photos was refused: rejected 16 of 16');
    expect(scene.engine.calls).toHaveLength(16);
    const [runId = ''] = await scene.runIds();
    expect(await scene.record(runId)).toMatchObject({ state: 'paused', canary: { state: 'refused' } });
    expect((await scene.run(run)).exitCode).toBe(3);
    const account = await scene.run(['resume', '--account']);
    expect(account.stderr).toContain(`Run ${runId} stays paused: its canary`);
    expect((await scene.run(run)).exitCode).toBe(3);
    expect(scene.engine.calls).toHaveLength(16);
    expect((await scene.run(['resume', runId])).exitCode).toBe(0);
    const [, words = ''] = /To judge it by other rules: rollcall (.*?), then/u.exec(end.stderr) ?? [];
    expect(words).toBe(`set ${runId} --canary-accept 'rejected<=100%'`);
    const last = await scene.run([...run, '--json']);
    expect(last.exitCode).toBe(1);
    expect(JSON.parse(last.stdout)).toMatchObject({ run: runId, total: 64, byStatus: { rejected: 64 } });
    expect(scene.engine.calls).toHaveLength(64);
    expect((await scene.record(runId)).canary).toMatchObject({ state: 'accepted', acceptedBy: 'user' });
    const set = await scene.run(['set', runId, '--canary-accept', 'rejected<=1%']);
    expect(set).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is finished already') });
  });

  it('is judged by rules that are given anew, by set or by the command', async () => {
    await open('code-5');
    expect((await scene.run(run)).exitCode).toBe(3);
    const [runId = ''] = await scene.runIds();
    expect((await scene.run(['set', runId, '--canary-accept', 'rejected<=50%'])).exitCode).toBe(0);
    expect((await scene.run(run)).stderr).toContain('where rejected<=50% is asked');
    const end = await scene.run([...run, '--canary-accept', 'rejected<=100%']);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain('Taken over: --canary-accept rejected<=100% (was rejected<=50%)');
  });

  it.each(['the embedded queue', 'Redis'])(
    'is the same after a kill in the midst of it, on %s',
    async (on) => {
      await open(undefined, on === 'Redis' ? redis.url : undefined);
      scene.engine.setMode('slow:ms=300');
      const killed = scene.start([...run, '--concurrency', '2']);
      await until(() => scene.engine.calls.length >= 5);
      killed.signal('SIGKILL');
      await killed.ended;
      const [runId = ''] = await scene.runIds();
      const { seqs } = await sampleOf(runId);
      expect(seqs).toHaveLength(16);
      scene.engine.setMode('normal');
      expect((await scene.run(run)).exitCode).toBe(0);
      expect((await sampleOf(runId)).seqs).toEqual(seqs);
      expect((await scene.record(runId)).canary).toMatchObject({ state: 'accepted', photos: 16, judged: 16 });
      const report = await scene.report(runId);
      expect(report.map(({ seq }) => seq)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
      const finishedAt = (isSampled: boolean) =>
        report
          .filter(({ seq }) => seqs.includes(seq) === isSampled)
          .map(({ finishedAt: at }) => Date.parse(at));
      expect(Math.max(...finishedAt(true))).toBeLessThanOrEqual(Math.min(...finishedAt(false)));
      // Calls in flight when it was killed may have been made once more.
      expect(scene.engine.calls.length).toBeLessThanOrEqual(64 + 2);
    },
  );

  it('is no leave to go on where none of its photos needed a call in the end', async () => {
    await open();
    expect((await scene.run(['run', './archive'])).exitCode).toBe(0);
    // The same bytes, saved anew: that no call is needed shows when they are read.
    for (const path of await readdir(join(scene.folder, 'archive'), { recursive: true }))
      if (path.endsWith('.jpg')) await utimes(join(scene.folder, 'archive', path), 0, 1_700_000_000);
    await writeFiles(scene.folder, { 'archive/rome/new.jpg': await makePhoto() });
    const night = ['run', './archive', '--canary', '3', '--incremental', '--run-id', 'night'];
    const sampled = await scene.run(night);
    expect(sampled.exitCode).toBe(3);
    expect(sampled.stderr).toContain(
      'its canary of 3 photos was refused: none of its photos needed a call in the end',
    );
    expect(sampled.stderr).not.toContain('set night --canary-accept');
    expect((await scene.run(['status', 'night'])).stdout).toContain('refused, since none of its photos');
    expect((await scene.run(night)).exitCode).toBe(3);
    expect(scene.engine.calls).toHaveLength(64);
    expect((await scene.run(['resume', 'night'])).exitCode).toBe(0);
    const last = await scene.run([...night, '--json']);
    expect(JSON.parse(last.stdout).byStatus).toMatchObject({ enrolled: 1, skipped: 64 });
    expect(scene.engine.calls).toHaveLength(65);
  });

  it('is named before it begins, with what it costs of the whole', async () => {
    await open();
    const looked = [...run, '--dry-run', '--price', '0.01', '--canary-accept', 'rejected<=10%'];
    const { stdout } = await scene.run(looked);
    expect(stdout).toMatch(
      /^canary {4}16 {2}photos from all over the list first, which cost 0\.16 \(between 0\.16 and 0\.176\)/m,
    );
    expect(stdout).toContain('accepted by rejected<=10%, duplicate<=5%, failed<=1%');
    const { canary } = JSON.parse((await scene.run([...looked, '--json'])).stdout);
    expect(canary).toMatchObject({
      photos: 16,
      of: 64,
      rules: ['rejected<=10%', 'duplicate<=5%', 'failed<=1%'],
    });
    const all = await scene.run(['run', './archive', '--canary', '500', '--dry-run']);
    expect(all.stdout).toContain('canary    64  photos, which are all that need a call');
    expect(scene.engine.calls).toEqual([]);
  });

  it('is refused where it is written wrongly, or judges nothing', async () => {
    await open();
    const wrong = await scene.run([...run, '--canary-accept', 'reject<=5%']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--canary-accept') });
    const alone = await scene.run(['run', './archive', '--canary-accept', 'rejected<=5%']);
    expect(alone).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('give --canary too') });
    const none = await scene.run(['run', './archive', '--canary', '0']);
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--canary') });
    const inbox = await scene.run(['inbox', 'open', 'gate'], { environment: { ROLLCALL_CANARY: '20' } });
    expect(inbox).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--canary does not go with'),
    });
    expect(await scene.runIds()).toEqual([]);
  });
});
