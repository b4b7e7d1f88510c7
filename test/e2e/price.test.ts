import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let scene: Scene;

afterEach(() => scene.close());

const count = 40;
/** Twenty failures in a row would mean that the engine is down. */
const again = 15;
const price = ['--price', 'enroll=0.003,identify=0.0005'];

it('what calls cost stands in forecast, progress, status and summary, and agrees with what the engine was sent', async () => {
  scene = await openScene();
  await writePhotos(join(scene.folder, 'archive'), { count });
  await writePhotos(join(scene.folder, 'archive'), { count: again, script: '503x1' });
  const assumed = await scene.run(['run', './archive', '--dry-run', ...price]);
  expect(assumed.stdout).toContain('cost      0.12  between 0.12 and 0.132: an assumption');

  const quick = ['--backoff', '10ms..20ms', '--incremental'];
  const first = await scene.run(['run', './archive', ...price, ...quick, '--progress', 'json']);
  expect(first.exitCode).toBe(0);
  const [runId = ''] = await scene.runIds();
  const { calls, money } = await scene.summary(runId);
  expect(calls).toBe(scene.engine.calls.length);
  expect(Number(money?.soFar)).toBeCloseTo(0.003 * calls, 9);
  expect(money?.saved).toBe('0');
  const last = JSON.parse(
    first.stderr
      .trim()
      .split('\n')
      .findLast((line) => line.includes('"money"')) ?? '{}',
  );
  // What a process has set aside may not be spent yet.
  expect(last.money).toEqual({ ...money, atMost: expect.any(String) });
  expect(Number(last.money.atMost)).toBeGreaterThanOrEqual(Number(money?.soFar));
  expect(first.stdout).toContain(`money      ${money?.soFar} so far`);
  expect((await scene.run(['status', runId])).stdout).toContain(`${money?.soFar} so far`);

  const known = await scene.run(['run', './archive', '--dry-run', '--json', ...price]);
  const forecast = JSON.parse(known.stdout).money;
  expect(forecast).toMatchObject({ basis: 'earlier-runs', photos: count, runs: 1 });
  expect(Number(forecast.low)).toBeLessThan(Number(money?.soFar));
  expect(Number(forecast.high)).toBeGreaterThan(Number(money?.soFar));

  expect((await scene.run(['run', './archive', ...price, '--incremental', '--json'])).exitCode).toBe(0);
  const [, night = ''] = await scene.runIds();
  expect((await scene.summary(night)).money).toMatchObject({ soFar: '0', saved: '0.12' });
});

it('a price that is none ends with exit code 2, and names the setting', async () => {
  scene = await openScene();
  for (const wrong of ['0,002', 'enrol=0.002', '-1']) {
    const { stderr, exitCode } = await scene.run(['run', './archive', '--price', wrong]);
    expect({ stderr, exitCode }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining(
        `--price (ROLLCALL_PRICE, "price" in rollcall.config.json) is "${wrong}"`,
      ),
    });
  }
});
