import { afterEach, describe, expect, it } from 'vitest';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

const maxAttempts = 2;
const command = ['run', './archive', '--backoff', '5ms..20ms', '--max-attempts', `${maxAttempts}`];

let scene: Scene;

afterEach(() => scene.close());

/** `script`: what the engine, or a firewall before it, answers to the photos at these places, from 1. */
async function openArchive(script: string, places: readonly number[], count: number): Promise<void> {
  scene = await openScene({ latencyInMs: [10, 20] });
  const files: Record<string, Buffer> = {};
  for (let place = 1; place <= count; place += 1) {
    const isHit = places.includes(place);
    const name = `archive/p-${String(place).padStart(3, '0')}.jpg`;
    files[name] = await makePhoto(isHit ? { script: `${script}#${place}` } : {});
  }
  await writeFiles(scene.folder, files);
}

/** Starts the command as often as it pauses. `refusedAStart`: how many photos were; those behind them may be called first. */
async function startUntilOver(): Promise<{ starts: number; refusedAStart: number[]; exitCode: number }> {
  const refusedAStart: number[] = [];
  for (let starts = 1; starts <= 6; starts += 1) {
    const before = scene.engine.calls.length;
    const { exitCode = -1 } = await scene.run(command);
    const refused = scene.engine.calls.slice(before).filter(({ status }) => status !== 200);
    const photos = refused.flatMap(({ photoSha256 }) => photoSha256 ?? []);
    refusedAStart.push(new Set(photos).size);
    if (exitCode !== 3) return { starts, refusedAStart, exitCode };
  }
  throw new Error('it never ends');
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe('photos that are refused while others pass', () => {
  it.each([
    { script: '403', places: [1, 2, 3], count: 30, starts: 1 },
    { script: 'html-403', places: [30], count: 30, starts: 1 },
    { script: '404', places: [5, 15, 25], count: 30, starts: 1 },
    // More than a start tries: the next one begins with others.
    { script: 'redirect', places: from(1, 25), count: 30, starts: 2 },
    // A refusal of the key stops a run at once, unless others pass.
    { script: '401', places: [1], count: 24, starts: 2 },
    { script: '401', places: [24], count: 24, starts: 1 },
    { script: '405', places: [1], count: 1, starts: 1 },
  ])('$script at $places of $count: they fail, all others are enrolled', async (archive) => {
    const { script, places, count } = archive;
    await openArchive(script, places, count);
    const end = await startUntilOver();
    expect(end.exitCode).toBe(1);
    expect(end.starts).toBeLessThanOrEqual(archive.starts);
    for (const photos of end.refusedAStart.slice(0, -1)) expect(photos).toBeLessThanOrEqual(20);
    const [runId = ''] = await scene.runIds();
    const report = await scene.report(runId);
    expect(report).toHaveLength(count);
    for (const { seq, status, attempts, error } of report) {
      const outcome = { seq, status, attempts, kind: error?.kind };
      if (!places.includes(seq)) expect(outcome).toEqual({ seq, status: 'enrolled', attempts: 1 });
      else expect(outcome).toEqual({ seq, status: 'failed', attempts: maxAttempts, kind: 'unavailable' });
    }
  });
});

describe('a proxy that asks for a password for a while', () => {
  const expectEnrolled = async (count: number) => {
    const [runId = ''] = await scene.runIds();
    const report = await scene.report(runId);
    expect(report.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      Array.from({ length: count }, () => 'enrolled 1'),
    );
  };

  it('in the midst of a run: it goes on by itself, and no photo is charged', async () => {
    await openArchive('ok', [], 60);
    const running = scene.run([...command, '--rate', '20']);
    await expect.poll(() => scene.engine.templates.size).toBeGreaterThan(0);
    scene.engine.setMode('407');
    await expect
      .poll(() => scene.engine.calls.filter(({ status }) => status === 407).length)
      .toBeGreaterThanOrEqual(20);
    scene.engine.setMode('normal');
    expect((await running).exitCode).toBe(0);
    await expectEnrolled(60);
  });

  it('for the last photo alone', async () => {
    await openArchive('407x20', [2], 2);
    expect((await scene.run([...command, '--concurrency', '1'])).exitCode).toBe(0);
    await expectEnrolled(2);
  });
});

describe('a code that no page knows', () => {
  it('is the verdict on a photo while others pass, after one call', async () => {
    await openArchive('code-77', [1, 9, 20], 20);
    const end = await startUntilOver();
    expect(end).toMatchObject({ starts: 1, exitCode: 1 });
    const [runId = ''] = await scene.runIds();
    const letters = (await scene.report(runId)).filter(({ status }) => status !== 'enrolled');
    expect(letters.map(({ seq, status, error, attempts }) => [seq, status, error?.code, attempts])).toEqual(
      [1, 9, 20].map((seq) => [seq, 'rejected', '77', 1]),
    );
  });

  it('pauses the account where twenty photos in a row get it, and is named; nobody is rejected', async () => {
    await openArchive('ok', [], 40);
    scene.engine.setMode('code-77');
    const end = await scene.run(command);
    expect(end.exitCode).toBe(3);
    expect(end.stderr).toContain('code 77, which its pages do not know');
    expect(end.stderr).toContain('20 photos in a row');
    expect(scene.engine.calls.length).toBe(20);
    scene.engine.setMode('normal');
    expect((await scene.run(command)).exitCode).toBe(0);
    expect(scene.engine.templates.size).toBe(40);
  });
});
